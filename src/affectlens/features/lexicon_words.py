"""The words of the emotion lexicon, written for this project: a trailing * stands for any ending.

One entry per GoEmotions label but neutral; the six Ekman emotions are the longest. Coarser taxonomies add labels up
through the published maps in `features/taxonomy.py`.
"""

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "admiration": (
        "admir* amazing* awesome* beautiful* brilliant* cool excellent* fantastic good gorgeous great "
        "impress* incredible legend magnificent masterpiece nice outstanding perfect* respect* stunning "
        "superb talented wonderful* "
        "👏 😍 🔥"
    ),
    "amusement": (
        "amus* chuckl* comedy funnier funniest funny giggl* haha* hehe* hilarious* joke* joking laugh* lmao* "
        "lmfao lol* rofl xd "
        "😂 🤣 😆"
    ),
    "anger": (
        "anger* angr* asshole* bastard* bitch* damn* enrag* fuck* furious* fury hate* hating hatred hostil* "
        "idiot* infuriat* livid mad moron* outrag* pissed rage* raging resent* scum* shitty spite* stfu "
        "traitor* vengeance violen* wrath* "
        "😡 🤬 😠 💢"
    ),
    "annoyance": (
        "annoy* bother* bugging dumb* frustrat* ignorant irritat* nagging nonsense obnoxious stupid* tiresome "
        "ugh* whin* "
        "😤 🙄 😒"
    ),
    "approval": (
        "absolutely agree* approv* correct definitely exactly indeed right support* true valid yeah yep yes 👍 👌 💯"
    ),
    "caring": (
        "care* caring comforting concern* gentle hug hugging hugs protect* safe stay* strong support tender 🤗 💙"
    ),
    "confusion": ("ambiguous* baffl* bewilder* confus* huh misunderst* perplex* puzzl* unclear unsure wtf 😕 🤷"),
    "curiosity": ("ask* curios* curious* how interested interesting intrigu* question* why wonder wondering 🤔"),
    "desire": "crav* desir* dream* envious envy longing lust* want* wants wish* yearn*",
    "disappointment": (
        "disappoint* fail failed fails failure* letdown mediocre pity shame underwhelm* unfortunate* "
        "unimpress* wasted "
        "😞"
    ),
    "disapproval": (
        "disagree* disapprov* illegal incorrect no nope oppos* refuse* reject* unacceptable unfair wrong 👎"
    ),
    "disgust": (
        "abhor* appall* barf* creep* cring* despis* disgust* ew eww* filth* foul gag* grim gross* gruesome "
        "loath* mold* nasty nausea* obscene perver* puke* putrid repell* repuls* revolt* rotten sick sicken* "
        "slime* smell* stench stink* toxic vile* vomit* yuck* "
        "🤢 🤮"
    ),
    "embarrassment": ("asham* awkward* blush* cringe embarrass* facepalm* humiliat* mortif* sheepish shy 🤦 😳"),
    "excitement": ("eager* energi* enthusias* excit* hype* pumped rush* stoked thrill* woohoo* wow yay* 🎉 🥳 🤩"),
    "fear": (
        "afraid alarm* anxi* apprehens* coward* danger* dread* eerie fear* fright* haunt* horrif* horror* "
        "menac* nightmar* panic* paranoi* petrif* phobia* scare* scari* scary shaking spook* terrible terrif* "
        "terror* threat* timid trembl* unsafe "
        "😱 😨 😰"
    ),
    "gratitude": ("appreciat* bless* grateful* gratitude indebted thank* thx ty tysm 🙏"),
    "grief": "bereav* buried condolences death* died funeral* grief griev* mourn* rip tragedy tragic",
    "joy": (
        "bliss* celebrat* cheer* contented delight* ecsta* elat* enjoy* fun glad* gladly glee* happi* happy "
        "jolly joy* jubila* lovely merry overjoy* pleasant pleased pleasure radiant rejoic* satisf* smile* "
        "smiling sunny sunshine "
        "😀 😃 😄 😁 😊 🙂 :) :-) :d :-d ^_^ =)"
    ),
    "love": (
        "ador* affection* beloved cherish* darling dear fond love* romanc* romantic sweetheart ❤ 💕 💖 💜 🥰 😘 <3"
    ),
    "nervousness": (
        "anxious* edgy jitter* nerves nervous* restless* stress* tense tension uneasy unnerv* worri* worry* 😬 😟"
    ),
    "optimism": (
        "better confident encourag* faith* future hope hopeful* hopefully hopes hoping optimis* promising someday 🤞"
    ),
    "pride": ("accomplish* achiev* earned honor honored honoured pride proud* proudly triumph* victor* 💪 🏆"),
    "realization": ("aha apparently dawned discover* figured notic* realis* realiz* remember* understood 💡"),
    "relief": ("calm* eased luckily phew reassur* relax* relie* reliev* safely unburdened 😌"),
    "remorse": "apolog* fault forgive* guilt* regret* remorse* repent* sorry",
    "sadness": (
        "abandon* alone bleak broken crie* cry* crying deject* depress* despair* devastat* dismal gloom* "
        "heartbr* heartbroken helpless* hopeless* hurt* lonel* loss melanchol* miserabl* misery miss pain* "
        "sad sadd* sadly sadness sob* sorrow* suffer* t_t tear* unhapp* upset* weep* wept "
        "😢 😭 😔 💔 :( :-( :'( =("
    ),
    "surprise": (
        "abrupt* amaz* astonish* astound* dumbfound* gasp* incredul* marvel* o_o omg shock* speechless* "
        "stagger* startl* stun* sudden* surpris* unbelievabl* unexpected* unforeseen whoa* woah wow* "
        "😮 😲 😯"
    ),
}
INTENSIFIERS = (
    "absolutely awfully completely deeply damn entirely especially extremely fucking highly hugely incredibly insanely "
    "intensely really seriously so soo super terribly too totally truly utterly very <caps>"
)
DIMINISHERS = "almost barely bit hardly kinda kind little mildly partly rather slightly somewhat sorta sort"
NEGATORS = (
    "not no never none nobody nothing neither nor cannot cant can't dont don't doesnt doesn't didnt didn't isnt isn't "
    "ain't aint arent aren't wasnt wasn't werent weren't wont won't wouldnt wouldn't shouldnt shouldn't couldnt "
    "couldn't hasnt hasn't havent haven't hadnt hadn't without lack lacks lacking"
)
CLAUSE_ENDS = ". , ; : ! !! ? ?? ?! !? .. ( ) but however although though yet because"
