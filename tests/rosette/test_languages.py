"""The words of the craft in six languages lead to the same rosettes."""

import pytest

from rmos.errors.request import ValidationFailed
from rmos.rosette.interpret import interpret
from tests.rosette.makers import outline

ENGLISH = {
    "herringbone": "herringbone in maple and rosewood, 85 mm hole, 20 mm wide",
    "braid": "braid of walnut on maple, 6 mm ring",
    "shell": "abalone ring 4 mm with bwb on both sides",
    "pearl": "mother of pearl ring 3 mm without lines",
    "checkerboard": "checkerboard of ebony and bone, 48 tiles",
    "dots": "mother of pearl dots every 15 degrees in ebony",
    "listed": "bwb, then abalone 4 mm, then bwb",
    "plain": "classical rosette without mother of pearl",
}
OTHERS = {
    "es": {
        "herringbone": "espina de pez en arce y palosanto, boca 85 mm, 20 mm de ancho",
        "braid": "trenza de nogal sobre arce, anillo de 6 mm",
        "shell": "anillo de abulón de 4 mm con filetes negro blanco negro a ambos lados",
        "pearl": "anillo de nácar de 3 mm sin filetes",
        "checkerboard": "damero de ébano y hueso, 48 teselas",
        "dots": "puntos de nácar cada 15 grados en ébano",
        "listed": "primero filete negro blanco negro, luego abulón 4 mm, luego negro blanco negro",
        "plain": "roseta clásica sin nácar",
    },
    "pt": {
        "herringbone": "espinha de peixe em bordo e pau santo, boca 85 mm, largura 20 mm",
        "braid": "trança de nogueira sobre ácer, anel de 6 mm",
        "shell": "anel de abalone de 4 mm com filetes preto branco preto dos dois lados",
        "pearl": "anel de madrepérola de 3 mm sem filetes",
        "checkerboard": "xadrez de ébano e osso, 48 ladrilhos",
        "dots": "pontos de madrepérola a cada 15 graus em ébano",
        "listed": "filete preto branco preto, depois abalone 4 mm, depois preto branco preto",
        "plain": "roseta clássica sem madrepérola",
    },
    "it": {
        "herringbone": "spina di pesce in acero e palissandro, bocca 85 mm, larghezza 20 mm",
        "braid": "treccia di noce su acero, anello da 6 mm",
        "shell": "anello di abalone da 4 mm con filetti nero bianco nero su entrambi i lati",
        "pearl": "anello di madreperla da 3 mm senza filetti",
        "checkerboard": "scacchiera di ebano e osso, 48 tessere",
        "dots": "punti di madreperla ogni 15 gradi nell'ebano",
        "listed": "filetto nero bianco nero, poi abalone 4 mm, poi nero bianco nero",
        "plain": "rosetta classica senza madreperla",
    },
    "fr": {
        "herringbone": "chevrons en érable et palissandre, bouche de 85 mm, largeur 20 mm",
        "braid": "tresse de noyer sur érable, anneau de 6 mm",
        "shell": "anneau d’ormeau de 4 mm avec filets noir blanc noir des deux côtés",
        "pearl": "anneau de nacre de 3 mm sans filets",
        "checkerboard": "damier d'ébène et d'os, 48 carreaux",
        "dots": "points de nacre tous les 15 degrés dans l'ébène",
        "listed": "filet noir blanc noir, puis ormeau 4 mm, puis noir blanc noir",
        "plain": "rosace classique sans nacre",
    },
    "de": {
        "herringbone": "Fischgrät in Ahorn und Palisander, Schallloch 85 mm, 20 mm breit",
        "braid": "Zopf aus Nussbaum auf Ahorn, Ring 6 mm",
        "shell": "Abalonering 4 mm mit schwarz-weiß-schwarzen Adern beidseitig",
        "pearl": "Perlmuttring 3 mm ohne Adern",
        "checkerboard": "Schachbrett aus Ebenholz und Knochen, 48 Kacheln",
        "dots": "Perlmuttpunkte alle 15 Grad in Ebenholz",
        "listed": "zuerst schwarz-weiß-schwarz, dann Abalone 4 mm, dann schwarz-weiß-schwarz",
        "plain": "klassische Rosette ohne Perlmutt",
    },
}


@pytest.mark.parametrize(
    ("language", "what"), [(language, what) for language, prompts in OTHERS.items() for what in prompts]
)
def test_a_language_says_the_same_as_english(language: str, what: str) -> None:
    understood, english = interpret(OTHERS[language][what]), interpret(ENGLISH[what])
    assert understood.unrecognized == ()
    assert outline(understood.spec) == outline(english.spec)
    assert understood.spec.soundhole_diameter == english.spec.soundhole_diameter


@pytest.mark.parametrize("prompt", ["sin anillos", "sem anéis", "senza anelli", "sans anneaux", "keine Ringe"])
def test_no_rings_are_no_rosette_in_any_language(prompt: str) -> None:
    with pytest.raises(ValidationFailed, match="without rings"):
        interpret(prompt)


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        ("nó celta", "celtic"),
        ("meia espinha", "half_herringbone"),
        ("épis de blé", "wheat"),
        ("spighe di grano", "wheat"),
        ("Mäander", "greek_key"),
        ("losanghe di osso", "diamond"),
        ("Speichenrad aus Koa", "wheel"),
        ("ondas", "wave"),
        ("torsade", "rope"),
        ("mosaico no centro", "mosaic"),
    ],
)
def test_patterns_have_their_names(prompt: str, kind: str) -> None:
    understood = interpret(prompt)
    assert kind in {ring.kind for ring in understood.spec.rings}
    assert understood.unrecognized == ()


@pytest.mark.parametrize(
    ("prompt", "wood"),
    [
        ("anillo de boj", "boxwood"),
        ("anello in legno di pero", "pear"),
        ("anneau de poirier", "pear"),
        ("Ring aus Schlangenholz", "snakewood"),
        ("anel de raiz de nogueira", "walnut_burl"),
        ("anneau en loupe d'érable", "maple_burl"),
        ("Ostindischer Palisander, Ring", "east_indian_rosewood"),
        ("anneau de palissandre de Rio", "brazilian_rosewood"),
    ],
)
def test_woods_have_their_names(prompt: str, wood: str) -> None:
    assert wood in {name for ring in interpret(prompt).spec.rings for name in ring.materials}
