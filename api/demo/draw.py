"""Draw the example newsroom's illustrations: flat, layered, poster-like, and the same on every run.

Run it with `python -m api.demo.draw`; the pictures are committed, so that the demo needs no drawing.
"""

import math
import sys
from itertools import pairwise
from pathlib import Path

from api.demo.ink import (
    dice,
    glints,
    glow,
    grained,
    gulls,
    person,
    render,
    ridge,
    sea,
    stars,
    trail,
)

IMAGES = Path(__file__).parent / "images"


def lighthouse() -> str:
    """Draw the Grande Sourde at night, its beam over a full moon."""
    return f"""fade ink night deep teal;{stars(800, 700, 4)};{glow(545, 520, 330, "sand%8")}
paper%92 o545,520,190
ochre%25 M400,332L-60,150V420Z;ochre%30 M400,332L-60,215V365Z;ochre%30 M400,332L860,250V470Z
{glow(400, 332, 130, "ochre%12")};{sea(960, 1200, "deep", "night", "night", "ink")}
ink M-40,1200L96,1066L168,1010L210,930L262,940L310,878L470,868L520,905L590,915L640,968L700,1040L990,1200Z
night M400,872L470,868L520,905L590,915L640,968L700,1040L990,1200H560L500,1010L430,960Z
paper M352,402h96l38,508h-172Z;sand M400,402h48l38,508h-86Z
coral M346.8,472h106.4l6,80h-118.4Z;coral M334,642h132l6,80h-144Z;coral M321.3,812h157.4l6,80h-169.4Z
rust%45 M400,472h53.2l6,80h-59.2Z;rust%45 M400,642h66l6,80h-72Z;rust%45 M400,812h78.7l6,80h-84.7Z
ink r388,590,24,40;ink r388,760,24,40;ink M380,908v-50q20,-34 40,0v50Z
ochre r362,296,76,88;ink r378,296,5,88;ink r417,296,5,88;ink r334,384,132,20;ink~4 M336,364h128
8*18,0 ink~3 M337,364v22;rust M348,298q52,-86 104,0Z;ink r396,216,8,44
mist~4 M40,1070q40,-14 80,0;mist~4 M690,1082q40,-14 80,0
mist~4 M20,1130q40,-14 80,0;mist~4 M640,1150q40,-14 80,0"""


def ferry() -> str:
    """Draw the evening boat before a setting sun."""
    return f"""fade deep teal sand ochre coral;{glow(760, 470, 420, "ochre%10")};coral o760,470,205
{ridge(575, 46, 12, "dusk")};{sea(590, 800, "rust", "rust", "plum", "night", "ink")}
{glints(760, 606, 790, "ochre")};night~20%35 M492,312C420,262 330,300 250,236S90,214 20,170
ink~6 M250,546V400M250,410L300,480M870,546L902,440;coral M452,324h88l-10,102h-88Z;paper M450,344h88l-3,26h-88Z
paper r290,480,520,66;sand r360,424,370,58;paper M640,372h92l28,52H640Z;night r664,386,60,20
12*42,0 night r312,500,24,24;7*38,0 rust r384,440,22,22
ink M210,560H905L868,640H262Z;coral M205,545H925L916,566H212Z
paper~5 M150,648q60,-22 130,-4M850,646q80,-20 170,4M120,668h160
{gulls((190, 330), (270, 290), (1010, 250), (970, 205))}"""


def night_market() -> str:
    """Draw the night market under its lanterns."""
    throw, roofs, lamps = dice(8), [], []
    for x in range(-20, 1200, 152):
        top = 210 + throw.randint(0, 90)
        roofs.append(f"night r{x},{top},150,420;ink M{x - 8},{top}l83,-70l83,70Z")
        roofs.append(f"ink%40 r{x + 134},{top},16,420")
        panes = [(x + 26 + 58 * (i % 2), top + 40 + 74 * (i // 2)) for i in range(6)]
        roofs += [f"{throw.choice(('ochre', 'ink', 'ink'))} r{a},{b},34,46" for a, b in panes]
    for y, sag, start in ((60, 150, -60), (150, 120, 0)):
        wire = [(x, y + sag * (1 - ((x - 600) / 620) ** 2)) for x in range(start, 1300, 116)]
        lamps.append(f"ink~3 {trail(wire)}")
        for i, (x, drop) in enumerate(wire):
            ink = ("ochre", "coral", "paper")[i % 3]
            lamps.append(f"{glow(x, drop + 22, 62, 'ochre%9')};{ink} o{x},{drop + 22},19")
    wares = ("rust", "teal", "paper") * 9
    goods = [f"{ink} o{60 + i % 9 * 34 + i // 9 * 405},580,15" for i, ink in enumerate(wares)]
    flaps = []
    for i in range(18):
        x, ink = 30 + i // 6 * 405, ("paper", "coral", "paper", "deep", "paper", "coral")[i // 6 * 2 + i % 2]
        flaps.append(f"{ink} M{x + 10 + i % 6 * 52},438h52L{x + 55 + i % 6 * 55},512a27,17 0 0 1 -55,0Z")
    places = ((95, 250), (170, 222), (405, 262), (520, 228), (574, 150), (800, 258), (880, 236), (1090, 250))
    crowd = ";".join(person(x, 800, tall) for x, tall in places)
    return f"""fade ink night deep;{stars(1200, 260, 2)};{";".join(roofs)};{";".join(lamps)}
plum r0,640,1200,160
3*405,0 wood r38,490,314,170;3*405,0 ochre%75 r38,520,314,76;3*405,0 rust r30,594,330,76
3*405,0 sand r30,594,330,10
{";".join(goods)};{";".join(flaps)};{crowd}"""


def reading_room() -> str:
    """Draw the reading room: three tall windows on the sea, shelves, lamps and readers."""
    throw, books = dice(21), []
    for left, row in ((left, row) for left in (0, 980) for row in range(6)):
        x, floor = left + 12, 124 + row * 96
        while x < left + 196:
            wide, tall = throw.randint(10, 24), throw.randint(52, 80)
            ink = throw.choice(("coral", "ochre", "teal", "sand", "deep", "paper"))
            books.append(f"{ink} r{x},{floor - tall},{wide},{tall}")
            x += wide + 2
        books.append(f"ink r{left},{floor},220,10")
    return f"""fade plum plum;ink%50 r0,620,1200,180;3*210,0 sand M290,560V190a100,100 0 0 1 200,0V560Z
coral o600,378,50;3*210,0 teal r290,400,200,80;3*210,0 deep r290,470,200,90;3*17,26 ochre~5 M580,420h24
3*210,0 ink~12 M290,560V190a100,100 0 0 1 200,0V560Z;3*210,0 ink~6 M390,90V560M290,190h200M290,330h200
{";".join(books)};3*210,0 ochre%16 M300,566h180l-120,234h-220Z
2*274,0 ink o464,520,36;2*274,0 ink M386,644q0,-88 78,-88t78,88Z;2*274,0 paper M420,640l44,-16l44,16Z
rust r150,640,900,26;wood r150,666,900,20;2*754,0 ink r210,686,26,114;3*270,0 ink r326,580,8,60
{";".join(glow(x, 600, 90, "ochre%12") for x in (330, 600, 870))};3*270,0 teal M278,586q52,-58 104,0Z"""


def sea_chart() -> str:
    """Draw the sea chart: depths, the islands, the crossing and seventeen lights."""
    throw, coast, isles = dice(31), [], []
    for y in range(-8, 822, 14):
        bay = 110 * math.sin(y / 128 + 0.6) + 52 * math.sin(y / 47) + 20 * math.sin(y / 17)
        coast.append((790 + bay + throw.uniform(-7, 7), float(y)))
    lights = coast[2:58:5]
    for x, y, r in ((250, 300, 92), (392, 214, 40), (338, 440, 54), (470, 612, 30), (176, 470, 26)):
        turn = [(k * math.tau / 48, r * (1 + 0.2 * math.sin(k * math.tau / 16 + x))) for k in range(48)]
        isles.append(trail((x + s * math.cos(a), y + s * 0.8 * math.sin(a)) for a, s in turn) + "Z")
        lights.append((x, y - r * 0.5))
    land, shores = trail([*coast, (1210, 820), (1210, -10)]) + "Z", " ".join(isles)
    across, down = lights[6][0] - 342, lights[6][1] - 310
    bends = [(k / 24, 90 * math.sin(k * math.pi / 24)) for k in range(1, 24)]
    route = [f"coral o{342 + across * s:.0f},{310 + down * s - bend:.0f},4.5" for s, bend in bends]
    petal = "M0,-118L18,-18L0,0L-18,-18Z"
    turns = [f"translate(160 650) rotate({k * 45}) scale({1 - k % 2 * 0.4})" for k in range(8)]
    compass = [(("coral", *["paper"] * 7)[k], turn) for k, turn in enumerate(turns)]
    rose = ";".join(f"<g transform='{turn}'>;{ink} {petal};</g>" for ink, turn in compass)
    return f"""fade deep deep;teal~250%40 {land};teal~160%40 {land};mist~80%40 {land}
teal~90%40 {shores};mist~46%40 {shores}
6*200,0 paper~1.5%45 M100,0V800;4*0,200 paper~1.5%45 M0,100H1200
sand {land};ink~3 {land};sand {shores};ink~3 {shores}
3*43,44 rust~5 M1010,250l26,-44l26,44;2*60,-14 rust~5 M1000,440l26,-44l26,44
2*56,-44 rust~5 M1060,540l26,-44l26,44
{rose};{";".join(route)}
{";".join(f"ochre%40 o{x:.0f},{y:.0f},16;coral o{x:.0f},{y:.0f},7" for x, y in lights)}"""


def berthe_quillard() -> str:
    """Draw Berthe Quillard in profile, before the tides she computed."""
    inks = ("coral", "coral", "ochre", "sand", "coral", "ochre")
    rings = [f"{ink} o420,430,{560 - 46 * i}" for i, ink in enumerate(inks)]
    return f"""fade paper paper;{";".join(rings)};coral o420,430,286
ink M60,1000C90,850 215,800 312,764C336,742 338,705 322,664C226,600 206,470 240,390C276,300 360,246 446,250\
C512,254 552,304 554,356C555,376 550,390 553,408L592,484C596,497 586,503 566,506C565,516 570,523 577,532\
C576,540 568,543 562,546C571,551 575,559 568,569C558,577 558,584 563,598C566,624 547,644 516,645\
C482,648 466,662 463,694C462,738 486,762 538,784C640,826 720,880 742,1000Z
night M556,350C548,292 508,244 440,240C330,236 246,310 228,410C214,500 240,610 322,668\
C352,640 384,600 392,540C372,520 372,480 400,474C440,440 470,400 556,350Z
night o226,604,74;teal~4 M180,590q46,-40 92,0M186,620q40,-34 80,0;teal~3%60 M262,420C290,330 370,280 470,284
teal~3%60 M252,480C270,380 360,320 500,312;ochre~7 M528,420a32,32 0 1 0 4,48M500,440L404,486;coral o392,548,9
paper M316,764C380,830 450,830 536,784L560,850C470,900 360,880 284,822Z
4*0,26 teal~3%70 M0,900q50,-34 100,0t100,0t100,0t100,0t100,0t100,0t100,0t100,0"""


def tide_chart() -> str:
    """Draw a fortnight of tides, from springs to neaps to springs, under its moons."""
    span = range(60, 1142, 2)
    curve = [(x, 465 - (150 + 90 * math.cos((x - 60) / 1080 * math.tau)) * math.sin(x / 6.4)) for x in span]
    envelope = [(x, 465 - 150 - 90 * math.cos((x - 60) / 1080 * math.tau)) for x in span]
    floor = [(x, 930 - y) for x, y in reversed(envelope)]
    moons = "ochre o96,102,44;ink o348,102,44;ink o600,102,44;ink o852,102,44;ink o1104,102,44"
    return f"""fade paper paper;sand%60 r60,190,1080,550;16*72,0 paper~2 M60,190V740
11*0,55 paper~2 M60,190H1140
mist {trail([*envelope, *floor])}Z;deep {trail([*curve, (1140, 740), (60, 740)])}Z;ink%55 r60,465,1080,275
coral~5 {trail(curve)};paper~2%70 M60,465H1140;{moons};ochre~3 o1104,102,44
ochre M348,58a44,44 0 0 0 0,88a22,44 0 0 0 0,-88Z
ochre M600,58a44,44 0 0 0 0,88Z;ochre M852,58a44,44 0 0 0 0,88a22,44 0 0 1 0,-88Z"""


def salt_pans() -> str:
    """Draw the pans at evening, each holding its own piece of sky."""
    throw, pans = dice(15), []
    rows = [330 + 470 * (k / 7) ** 1.7 for k in range(8)]
    for top, low in pairwise(rows):
        for column in range(-9, 9):
            edges = ((0.04, top + 3), (0.96, top + 3), (0.96, low - 3), (0.04, low - 3))
            corners = [(600 + (column + side) * (60 + (y - 330) * 0.72), y) for side, y in edges]
            ink = throw.choice(("coral", "ochre", "sand", "teal", "mist", "coral%80", "sand%70"))
            pans.append(f"{ink} {trail(corners)}Z")
    heaps = []
    for x, y, t in ((170, 372, 34), (300, 380, 40), (930, 470, 78), (1090, 560, 104)):
        slope = f"Q{x + 0.3 * t},{y - 0.5 * t} {x + 1.5 * t},{y}"
        heaps.append(f"paper M{x - 1.5 * t},{y}Q{x - 0.3 * t},{y - 0.5 * t} {x},{y - t}{slope}Z")
        heaps.append(f"mist M{x},{y - t}{slope}H{x + 0.2 * t}Z")
    return f"""fade deep teal sand ochre coral;{glow(600, 322, 330, "paper%12")};paper o600,318,96
{ridge(330, 26, 6, "plum")};rust r0,330,1200,470;{";".join(pans)};{";".join(heaps)}
ink~8 M392,600L640,700M622,726L660,672;ink~16 M372,566L410,606L452,626;{person(364, 730, 250)}
ink M318,494q46,-12 92,0v8h-92Z;ink M338,494q4,-34 26,-34t26,34Z
{gulls((860, 150), (915, 120), (240, 190))}"""


def radio_mast() -> str:
    """Draw the mast at Haut-Garrec and what it sends out."""
    inks = ("coral", "ochre", "sand") * 3
    waves = [f"{ink}~{9 - k * 0.7}%{95 - k * 9} o560,190,{60 + 62 * k}" for k, ink in enumerate(inks)]
    rungs = [(190 + 45 * k, 5 + 3.9 * k) for k in range(11)]
    braces = [
        f"ink~5 M{560 - a},{y}L{560 + b},{z}M{560 + a},{y}L{560 - b},{z}H{560 + b}"
        for (y, a), (z, b) in pairwise(rungs)
    ]
    return f"""fade ink night dusk coral;{stars(1200, 420, 6)};{";".join(waves)}
{ridge(560, 70, 5, "deep")};{ridge(625, 60, 9, "night")}
ink~2 M560,280L250,680M560,280L900,660M560,430L380,670M560,430L760,660;{";".join(braces)}
ink~5 M555,190L517,640M565,190L603,640;coral o560,184,13;ink M0,720Q300,610 620,640T1200,690V800H0Z
ink r690,588,170,90;rust M676,592l99,-58l99,58Z;2*84,0 ochre r716,612,34,34;{glow(775, 630, 120, "ochre%6")}
{person(935, 672, 74)}"""


def snow_pass() -> str:
    """Draw the last bus over the pass in the snow."""
    throw, poles = dice(44).random, []
    across, down = (742, 872, 380, 238, 420, 790), (470, 520, 556, 636, 716, 690)
    for x, y, tall in zip(across, down, range(44, 116, 12), strict=True):
        band = f"M{x},{y - tall * 0.6}v-{tall * 0.2}"
        poles.append(f"coral~{tall / 11} M{x},{y}v-{tall};paper~{tall / 11} {band}")
    flakes = [f"paper o{throw() * 1200:.0f},{throw() * 800:.0f},{2 + throw() * 3:.1f}" for _ in range(150)]
    return f"""fade night deep teal sand;{glow(800, 160, 190, "paper%9")}
teal M250,150l420,420h-840Z;teal M960,110l470,470h-940Z
mist M250,150l-420,420h378l-40,-126l50,-84l-44,-92Z;mist M960,110l-470,470h423l-40,-141l50,-94l-44,-103Z
deep M600,230l380,380h-760Z;paper M600,230l-380,380h342l-40,-114l50,-76l-44,-84Z
{ridge(500, 50, 3, "mist")};{ridge(575, 70, 14, "paper")}
night M1200,800C900,690 240,720 320,610S900,560 700,470L716,470C960,556 420,560 430,606S1080,640 1500,800Z
ochre%45 M470,650L250,600V720Z;coral r470,588,190,84;paper r470,632,190,12;5*36,0 ochre r484,600,28,26
2*106,0 ink o512,674,16;{";".join(poles)};{";".join(flakes)}"""


def loom() -> str:
    """Draw cloth coming off a loom, chevron by chevron."""
    inks, cloth = ("coral", "ochre", "paper", "teal", "rust"), []
    for row in range(11):
        zigzag = [(124 + 34 * k, 412 + 30 * row + (1 - k % 2) * 24) for k in range(29)]
        cloth.append(f"{inks[row % 5]}~13 {trail(zigzag)}")
    return f"""fade deep deep;{glow(600, 180, 560, "teal%16")}
23*41,0 paper r132,0,14,420;23*41,0 sand r153,0,14,420
rust r90,150,1020,24;rust r90,262,1020,24;23*41,0 ink~4 M149,174V262
night r124,400,952,330;{";".join(cloth)}
wood r90,352,1020,46;coral r90,352,1020,8;coral~4 M710,322Q860,330 1078,398
ochre M330,322Q520,282 710,322Q520,362 330,322Z
ink M448,322q10,-12 20,-12h104q10,0 20,12q-10,12 -20,12h-104q-10,0 -20,-12Z
2*1060,0 ink r40,0,60,800;ink r0,726,1200,74;rust r0,726,1200,9"""


def seaweeds() -> str:
    """Draw a plate of seaweeds, pressed the way collectors did."""
    throw, fronds = dice(77), []
    inks, roots = ("teal", "deep", "rust", "coral", "ochre"), (170, 400, 630, 285, 520)
    sizes = ((760, -24), (960, 14), (800, 22), (540, 10), (600, -12))
    for ink, x, (tall, lean) in zip(inks, roots, sizes, strict=True):
        stem = [(x + lean * (k / 28) ** 2 + 12 * math.sin(k / 6), 1090 - tall * k / 40) for k in range(41)]
        for k in range(5, 41, 2):
            a, b = stem[k]
            for side in (-1, 1):
                reach = side * ((41 - k) * 1.9 + throw.randint(14, 34))
                rise = b - abs(reach) * 0.8
                leaf = f"Q{a + reach},{b} {a + reach},{rise}Q{a + reach / 3},{rise} {a},{b - 9}Z"
                fronds.append(f"{ink}%88 M{a},{b + 9}{leaf}")
        fronds.append(f"ink~4 {trail(stem)}")
    return f"fade paper paper;ochre~3 r44,44,712,1112;ochre~1.5 r56,56,688,1088;{';'.join(fronds)}"


def bell_buoy() -> str:
    """Draw the bell buoy in fog."""
    rings = []
    for k in range(7):
        rx, ry = 150 + 95 * k, 26 + 20 * k
        ellipse = f"M{600 - rx},640a{rx},{ry} 0 1 0 {2 * rx},0a{rx},{ry} 0 1 0 {-2 * rx},0"
        rings.append(f"paper~{6 - k * 0.6}%{75 - 9 * k} {ellipse}")
    return f"""fade teal mist paper teal deep;paper%70 o860,220,92
paper%20 M0,190q150,-46 300,0t300,0t300,0t300,0v90H0Z
3*0,140 paper%20 M0,330q150,46 300,0t300,0t300,0t300,0v90H0Z;{";".join(rings)}
<g transform="rotate(7 600 640)">;{glow(600, 262, 190, "ochre%12")};ochre o600,258,28
ink~11 M506,600L566,330M694,600L634,330M540,450H660M524,520H676
ochre M556,512q8,-92 44,-92t44,92Z;ink o600,520,12;ink r580,268,40,62;ink~11 M566,330H634
coral M470,600h260l-34,70q-96,34 -192,0Z;rust M606,600h124l-34,70q-44,16 -90,17Z;</g>
{gulls((330, 250), (390, 215))}"""


ASHORE = (night_market, reading_room, salt_pans, radio_mast, snow_pass, loom)
WIDE = (*ASHORE, ferry, sea_chart, tide_chart, bell_buoy)
TALL = (lighthouse, berthe_quillard, seaweeds)
SUFFIXES = {sea_chart: ".png", tide_chart: ".webp", loom: ".webp"}


def main(folder: Path = IMAGES) -> None:
    """Write every picture into a folder."""
    folder.mkdir(exist_ok=True)
    for draw in (*WIDE, *TALL):
        width, height = (1200, 800) if draw in WIDE else (800, 1000 if draw is berthe_quillard else 1200)
        suffix = SUFFIXES.get(draw, ".jpg")
        options: dict[str, int] = {"palette": 1} if suffix == ".png" else {"Q": 78}
        name = draw.__name__.replace("_", "-")
        image = render(draw(), width, height)
        textured = image if suffix == ".png" else grained(image)
        textured.write_to_file(str(folder / f"{name}{suffix}"), keep="none", **options)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
