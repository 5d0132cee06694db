"""The words of the letters, by language and kind: subject and text."""

from collections.abc import Mapping

TEXTS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "en": {
        "confirm-account": (
            "Confirm your account at {publisher}",
            """Hello,

somebody has signed up at {publisher} with this e-mail address. If it was you, open this link within 24
hours:

{link}

If it was not you, do nothing: without the link there will be no account.""",
        ),
        "has-account": (
            "Your account at {publisher}",
            """Hello,

somebody has signed up at {publisher} with this e-mail address. You have an account already, so nothing was
changed.

Sign in with your password. If you have forgotten it, ask for a new one where you sign in.""",
        ),
        "reset-password": (
            "A new password for {publisher}",
            """Hello,

somebody has asked for a new password for your account at {publisher}. If it was you, open this link within
an hour:

{link}

If it was not you, do nothing: your password stays as it is.""",
        ),
        "no-account": (
            "No account at {publisher}",
            """Hello,

somebody has asked for a new password at {publisher} with this e-mail address. There is no account with it.

If it was you, try another address of yours, or sign up. If not, there is nothing to do.""",
        ),
        "confirm-email": (
            "Confirm your new e-mail address at {publisher}",
            """Hello,

this is to be the e-mail address of an account at {publisher}. If it is yours, open this link within 24
hours:

{link}

If it is not, do nothing: nothing will be changed.""",
        ),
        "email-wanted": (
            "Another e-mail address for your account at {publisher}",
            """Hello,

somebody who knows your password has asked for another e-mail address for your account at {publisher}. It
will be changed once the new address is confirmed.

If it was not you, ask for a new password at once, where you sign in: that keeps your address as it is.""",
        ),
        "password-changed": (
            "Your password for {publisher} was changed",
            """Hello,

the password of your account at {publisher} has just been changed, and you were signed out elsewhere.

If it was not you, ask for a new password at once, where you sign in.""",
        ),
    },
    "fr": {
        "confirm-account": (
            "Confirmez votre compte chez {publisher}",
            """Bonjour,

quelqu’un s’est inscrit chez {publisher} avec cette adresse électronique. Si c’est vous, ouvrez ce lien dans
les 24 heures :

{link}

Si ce n’est pas vous, ne faites rien : sans ce lien, aucun compte ne sera créé.""",
        ),
        "has-account": (
            "Votre compte chez {publisher}",
            """Bonjour,

quelqu’un s’est inscrit chez {publisher} avec cette adresse électronique. Vous avez déjà un compte : rien
n’a changé.

Connectez-vous avec votre mot de passe. Si vous l’avez oublié, demandez-en un nouveau à la page de
connexion.""",
        ),
        "reset-password": (
            "Un nouveau mot de passe pour {publisher}",
            """Bonjour,

quelqu’un a demandé un nouveau mot de passe pour votre compte chez {publisher}. Si c’est vous, ouvrez ce
lien dans l’heure :

{link}

Si ce n’est pas vous, ne faites rien : votre mot de passe reste le même.""",
        ),
        "no-account": (
            "Pas de compte chez {publisher}",
            """Bonjour,

quelqu’un a demandé un nouveau mot de passe chez {publisher} avec cette adresse électronique. Aucun compte
ne la porte.

Si c’est vous, essayez une autre de vos adresses, ou inscrivez-vous. Sinon, il n’y a rien à faire.""",
        ),
        "confirm-email": (
            "Confirmez votre nouvelle adresse chez {publisher}",
            """Bonjour,

cette adresse électronique doit devenir celle d’un compte chez {publisher}. Si elle est bien la vôtre,
ouvrez ce lien dans les 24 heures :

{link}

Sinon, ne faites rien : rien ne changera.""",
        ),
        "email-wanted": (
            "Une autre adresse pour votre compte chez {publisher}",
            """Bonjour,

quelqu’un qui connaît votre mot de passe a demandé une autre adresse électronique pour votre compte chez
{publisher}. Elle changera dès que la nouvelle adresse sera confirmée.

Si ce n’est pas vous, demandez tout de suite un nouveau mot de passe à la page de connexion : votre adresse
restera la même.""",
        ),
        "password-changed": (
            "Votre mot de passe pour {publisher} a changé",
            """Bonjour,

le mot de passe de votre compte chez {publisher} vient de changer, et vous avez été déconnecté ailleurs.

Si ce n’est pas vous, demandez tout de suite un nouveau mot de passe à la page de connexion.""",
        ),
    },
    "de": {
        "confirm-account": (
            "Bestätigen Sie Ihr Konto bei {publisher}",
            """Guten Tag,

jemand hat sich mit dieser E-Mail-Adresse bei {publisher} angemeldet. Wenn Sie es waren, öffnen Sie
innerhalb von 24 Stunden diesen Link:

{link}

Wenn nicht, tun Sie nichts: Ohne den Link entsteht kein Konto.""",
        ),
        "has-account": (
            "Ihr Konto bei {publisher}",
            """Guten Tag,

jemand hat sich mit dieser E-Mail-Adresse bei {publisher} angemeldet. Sie haben schon ein Konto; es wurde
nichts geändert.

Melden Sie sich mit Ihrem Passwort an. Wenn Sie es vergessen haben, fordern Sie dort ein neues an.""",
        ),
        "reset-password": (
            "Ein neues Passwort für {publisher}",
            """Guten Tag,

jemand hat ein neues Passwort für Ihr Konto bei {publisher} angefordert. Wenn Sie es waren, öffnen Sie
innerhalb einer Stunde diesen Link:

{link}

Wenn nicht, tun Sie nichts: Ihr Passwort bleibt, wie es ist.""",
        ),
        "no-account": (
            "Kein Konto bei {publisher}",
            """Guten Tag,

jemand hat mit dieser E-Mail-Adresse ein neues Passwort bei {publisher} angefordert. Es gibt kein Konto mit
ihr.

Wenn Sie es waren, versuchen Sie es mit einer anderen Adresse, oder legen Sie ein Konto an. Sonst ist nichts
zu tun.""",
        ),
        "confirm-email": (
            "Bestätigen Sie Ihre neue E-Mail-Adresse bei {publisher}",
            """Guten Tag,

diese E-Mail-Adresse soll zu einem Konto bei {publisher} gehören. Wenn es Ihre ist, öffnen Sie innerhalb von
24 Stunden diesen Link:

{link}

Wenn nicht, tun Sie nichts: Es wird nichts geändert.""",
        ),
        "email-wanted": (
            "Eine andere E-Mail-Adresse für Ihr Konto bei {publisher}",
            """Guten Tag,

jemand, der Ihr Passwort kennt, möchte eine andere E-Mail-Adresse für Ihr Konto bei {publisher}. Sie wird
geändert, sobald die neue Adresse bestätigt ist.

Wenn Sie es nicht waren, fordern Sie sofort ein neues Passwort an, wo Sie sich anmelden: Dann bleibt Ihre
Adresse, wie sie ist.""",
        ),
        "password-changed": (
            "Ihr Passwort für {publisher} wurde geändert",
            """Guten Tag,

das Passwort Ihres Kontos bei {publisher} wurde gerade geändert, und Sie wurden anderswo abgemeldet.

Wenn Sie es nicht waren, fordern Sie sofort ein neues Passwort an, wo Sie sich anmelden.""",
        ),
    },
    "ru": {
        "confirm-account": (
            "Подтвердите учётную запись: {publisher}",
            """Здравствуйте!

Кто-то зарегистрировался в издании «{publisher}» с этим адресом. Если это были вы, откройте ссылку в течение
24 часов:

{link}

Если не вы, ничего не делайте: без ссылки учётной записи не будет.""",
        ),
        "has-account": (
            "Ваша учётная запись: {publisher}",
            """Здравствуйте!

Кто-то зарегистрировался в издании «{publisher}» с этим адресом. У вас уже есть учётная запись, ничего не
изменилось.

Войдите со своим паролем. Если вы его забыли, запросите новый на странице входа.""",
        ),
        "reset-password": (
            "Новый пароль: {publisher}",
            """Здравствуйте!

Кто-то запросил новый пароль для вашей учётной записи в издании «{publisher}». Если это были вы, откройте
ссылку в течение часа:

{link}

Если не вы, ничего не делайте: пароль останется прежним.""",
        ),
        "no-account": (
            "Нет учётной записи: {publisher}",
            """Здравствуйте!

Кто-то запросил новый пароль в издании «{publisher}» с этим адресом. Учётной записи с ним нет.

Если это были вы, попробуйте другой свой адрес или зарегистрируйтесь. Если нет, ничего делать не нужно.""",
        ),
        "confirm-email": (
            "Подтвердите новый адрес: {publisher}",
            """Здравствуйте!

Этот адрес должен стать адресом учётной записи в издании «{publisher}». Если он ваш, откройте ссылку в
течение 24 часов:

{link}

Если нет, ничего не делайте: ничего не изменится.""",
        ),
        "email-wanted": (
            "Другой адрес для вашей учётной записи: {publisher}",
            """Здравствуйте!

Кто-то, кто знает ваш пароль, запросил другой адрес для вашей учётной записи в издании «{publisher}». Он
изменится, как только новый адрес будет подтверждён.

Если это были не вы, сразу запросите новый пароль на странице входа: тогда адрес останется прежним.""",
        ),
        "password-changed": (
            "Ваш пароль изменён: {publisher}",
            """Здравствуйте!

Пароль вашей учётной записи в издании «{publisher}» только что изменён, на других устройствах вы вышли.

Если это были не вы, сразу запросите новый пароль на странице входа.""",
        ),
    },
}
