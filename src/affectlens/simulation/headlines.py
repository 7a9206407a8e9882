"""Sentence patterns of published contents; references as in `templates.py`."""

from affectlens.simulation.feelings import Rules

PUBLICATIONS: Rules = {
    "content": ("{publication@form}",),
    "publication/long_text": (
        "{headline} {filler} {filler} {frame@emotion} {tail}",
        "{headline} {frame@emotion} {filler} {frame@emotion}",
        "{filler} {headline} {frame@emotion} {filler}",
    ),
    "publication/short_text": ("{headline} {frame@emotion}", "{headline}", "{frame@emotion} {headline}"),
    "publication/image": ("{thing@subtopic}. {frame@emotion}", "picture: {thing@subtopic}", "{thing@subtopic} {time}"),
    "publication/short_video": (
        "clip: {thing@subtopic}. {frame@emotion}",
        "watch {thing@subtopic}",
        "{thing@subtopic} in thirty seconds",
    ),
    "publication/link": ("read: {headline} {frame@emotion}", "link: {headline}"),
    "publication/product": (
        "for sale: {object_a} for {thing@subtopic}. {frame@emotion}",
        "new in the shop: {thing@subtopic} set",
    ),
    "publication/music": ("song of the day, made for {thing@subtopic}. {frame@emotion}", "playlist: {thing@subtopic}"),
    "publication/film": ("film night: a story about {thing@subtopic}. {frame@emotion}", "trailer: {thing@subtopic}"),
    "headline": (
        "everything you should know about {thing@subtopic}.",
        "{thing@subtopic}: what happened {place}.",
        "{hours} facts about {thing@subtopic}.",
        "{thing@subtopic}, explained.",
        "what {agent} said about {thing@subtopic}.",
        "an evening with {thing@subtopic}.",
        "{thing@subtopic} and {thing@subtopic}, compared.",
        "notes on {thing@subtopic} {place}.",
    ),
    "frame/anger": (
        "people are {degree@level} {feeling@emotion}.",
        "{situation@emotion}.",
        "{echo@emotion}.",
        "a scandal, nothing less.",
        "who pays for this?",
    ),
    "frame/disgust": (
        "viewers were {degree@level} {feeling@emotion}.",
        "{situation@emotion}.",
        "{echo@emotion}.",
        "not for weak stomachs.",
        "look away now.",
    ),
    "frame/fear": (
        "residents are {degree@level} {feeling@emotion}.",
        "{situation@emotion}.",
        "{echo@emotion}.",
        "experts warn of worse.",
        "is anyone safe?",
    ),
    "frame/joy": (
        "everyone is {degree@level} {feeling@emotion}.",
        "{situation@emotion}.",
        "{echo@emotion}.",
        "a story to warm the heart.",
        "hats off!",
    ),
    "frame/sadness": (
        "many are {degree@level} {feeling@emotion}.",
        "{situation@emotion}.",
        "{echo@emotion}.",
        "a quiet goodbye.",
        "bring a handkerchief.",
    ),
    "frame/surprise": (
        "even the experts are {degree@level} {feeling@emotion}.",
        "{situation@emotion}.",
        "{echo@emotion}.",
        "you will not guess the end.",
        "wait for it.",
    ),
    "frame/neutral": (
        "the facts in brief.",
        "{situation@emotion}.",
        "{echo@emotion}.",
        "a short overview.",
        "times and places inside.",
    ),
}
