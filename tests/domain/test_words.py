import time
import unicodedata

import pytest
from hypothesis import given

from domain.words import count, sentence_ends, word_ends
from tests.domain.bodies import TEXTS


def words_of(text: str) -> list[str]:
    ends = word_ends(text)
    return [text[start:end].strip() for start, end in zip([0, *ends], ends, strict=False)]


def sentences_of(text: str) -> list[str]:
    ends = sentence_ends(text)
    return [text[start:end].strip() for start, end in zip([0, *ends], ends, strict=False)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        ("   \n\t ", []),
        ("one", ["one"]),
        (" one  two\tthree\nfour ", ["one", "two", "three", "four"]),
        ("five\u2003six\u3000seven\u2028eight\x1cnine", ["five", "six", "seven", "eight", "nine"]),
        ("l'eau d’hier — vingt-deux", ["l'eau", "d’hier", "—", "vingt-deux"]),
        ("« Oui ! » dit-il", ["«", "Oui", "!", "»", "dit-il"]),
        ("«\u00a0Oui\u202f!\u00a0» dit-il", ["«\u00a0Oui\u202f!\u00a0»", "dit-il"]),
        ("100\u2007000\u00a0km", ["100\u2007000\u00a0km"]),
        ("cafe\u0301 noir", ["cafe\u0301", "noir"]),
        ("zero\u200bwidth soft\u00adhyphen", ["zero\u200bwidth", "soft\u00adhyphen"]),
        ("слово мир", ["слово", "мир"]),
        ("كلمة أخرى", ["كلمة", "أخرى"]),
        ("한국어 단어", ["한국어", "단어"]),
        ("हिन्दी शब्द", ["हिन्दी", "शब्द"]),
    ],
)
def test_a_word_is_what_stands_between_white_space(text: str, words: list[str]) -> None:
    assert words_of(text) == words
    assert count(text) == len(words)


@pytest.mark.parametrize("text", ["\u00a0", "\u202f\u2007", " \u00a0 ", "\u00a0\n\u00a0"])
def test_no_break_spaces_alone_are_no_word(text: str) -> None:
    assert count(text) == 0
    assert words_of(f"one {text} two")[-1] == "two"
    assert count(f"one {text} two") == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("漢字", ["漢", "字"]),
        ("漢字。かな", ["漢", "字。", "か", "な"]),
        ("ひらがな", ["ひ", "ら", "が", "な"]),
        ("カタカナ", ["カ", "タ", "カ", "ナ"]),
        ("ｶﾅ", ["ｶ", "ﾅ"]),
        ("㐀豈𠮷", ["㐀", "豈", "𠮷"]),
        ("々〇", ["々", "〇"]),
        ("か\u3099な", ["か\u3099", "な"]),
        ("ไทย", ["ไ", "ท", "ย"]),
        ("ที่นี่", ["ที่", "นี่"]),
        ("ລາວ", ["ລ", "າ", "ວ"]),
        ("ខ្មែរ", ["ខ្", "មែ", "រ"]),
        ("မြန်", ["မြ", "န်"]),
        ("漢字 two かな", ["漢", "字", "two", "か", "な"]),
        ("API漢字v2", ["API", "漢", "字", "v2"]),
        ("漢don't", ["漢", "don't"]),
        ("漢-a", ["漢-", "a"]),
        ("漢2026年", ["漢", "2026", "年"]),
        ("漢. .a漢", ["漢.", ".a", "漢"]),
        (".a漢", [".a", "漢"]),
        ("漢\u00a0字", ["漢", "字"]),
        ("\u00a0漢\u00a0字\u00a0", ["漢", "字"]),
        ("年\u00a0100\u00a0km", ["年", "100\u00a0km"]),
    ],
)
def test_each_character_of_a_script_without_spaces_is_a_word(text: str, words: list[str]) -> None:
    assert words_of(text) == words


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", []),
        ("no end", []),
        ("One. Two! Three? Four… Five", ["One.", "Two!", "Three?", "Four…"]),
        ("At the end.", ["At the end."]),
        ("What?! Really...", ["What?!", "Really..."]),
        ("It is 3.5 km. Or v1.2.", ["It is 3.5 km.", "Or v1.2."]),
        ("He said “go.” She went.", ["He said “go.”", "She went."]),
        ("« Oui ! » Puis non.", ["« Oui ! »", "Puis non."]),
        ("«\u00a0Oui\u00a0!\u00a0» Puis non.", ["«\u00a0Oui\u00a0!\u00a0»", "Puis non."]),
        ("(Really.) And [so.] And ‹so.› x", ["(Really.)", "And [so.]", "And ‹so.›"]),
        ("Two marks.”’ Then.", ["Two marks.”’", "Then."]),
        ("It ended. ’Twas late.", ["It ended.", "’Twas late."]),
        ("One.\nTwo.\u3000Three", ["One.", "Two."]),
        ("Mr.\u00a0Smith left.", ["Mr.\u00a0Smith left."]),
        ("彼は来た。「そう。」次", ["彼は来た。", "「そう。」"]),
        ("何！本当？はい", ["何！", "本当？"]),
        ("a。b", ["a。"]),
    ],
)
def test_a_sentence_ends_at_its_sign_with_the_closing_quotes(text: str, sentences: list[str]) -> None:
    assert sentences_of(text) == sentences


@pytest.mark.parametrize(
    "text", ["." * 50_000 + "x", "…»" * 25_000 + "x", "." + "»" * 50_000 + "x", "漢" + "." * 50_000 + "x"]
)
def test_strange_texts_take_no_longer_than_others(text: str) -> None:
    started = time.process_time()
    assert sentence_ends(text) == []
    assert word_ends(text)[-1] == len(text)
    assert time.process_time() - started < 5


@given(TEXTS)
def test_word_ends_are_legal_cuts(text: str) -> None:
    ends = word_ends(text)
    assert ends == sorted(set(ends))
    for at, end in enumerate(ends):
        assert count(text[:end]) == at + 1
        assert not text[end - 1].isspace() or text[end - 1] in "\u00a0\u2007\u202f"
        assert not unicodedata.category(text[end : end + 1] or "x").startswith("M")


@given(TEXTS, TEXTS)
def test_texts_set_side_by_side_have_the_words_of_both(left: str, right: str) -> None:
    assert count(f"{left} {right}") == count(left) + count(right)


@given(TEXTS)
def test_what_stands_after_the_last_word_is_white(text: str) -> None:
    assert not text[(word_ends(text) or [0])[-1] :].strip()


@given(TEXTS)
def test_a_sentence_ends_where_a_sign_or_closing_quote_stands(text: str) -> None:
    ends = sentence_ends(text)
    assert ends == sorted(set(ends))
    assert all(text[end - 1] in ".!?…。！？»”’\"')]›」』）" for end in ends)
