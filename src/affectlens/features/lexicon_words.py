"""The words of the emotion lexicon, written for this project: a trailing * stands for any ending.

One entry per GoEmotions label but neutral; the six Ekman emotions are the longest. Coarser taxonomies add labels up
through the published maps in `features/taxonomy.py`.
"""

from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "admiration": "admir* amazing* awesome* beautiful* brilliant* excellent* fantastic gorgeous great impress* "
    "incredible legend magnificent masterpiece outstanding perfect* respect* stunning superb talented wonderful* 👏 😍 🔥",
    "amusement": "amus* comedy funny funnier funniest giggl* haha* hehe* hilarious* joke* joking laugh* lmao* lmfao lol* "
    "rofl chuckl* 😂 🤣 😆 xd",
    "anger": "anger* angr* asshole* bastard* bitch* enrag* fuck* furious* fury hate* hating hatred hostil* infuriat* "
    "livid mad outrag* pissed rage* raging resent* screw* shitty spite* stfu traitor* vengeance violen* wrath* damn* "
    "idiot* moron* scum* 😡 🤬 😠 💢",
    "annoyance": "annoy* bother* bugging dumb* fed-up frustrat* ignorant irritat* nagging nerve nonsense obnoxious "
    "stupid* tiresome ugh* whin* 😤 🙄 😒",
    "approval": "absolutely agree* approv* correct exactly indeed support* true valid yep yes yeah right definitely 👍 👌 💯",
    "caring": "care* caring comfort* concern* hug* protect* safe support stay* hang strong gentle tender 🤗 💙",
    "confusion": "ambiguous* baffl* bewilder* confus* lost perplex* puzzl* unclear unsure misunderst* wtf huh 😕 🤷",
    "curiosity": "ask* curios* curious* interested interesting intrigu* question* wonder wondering why how 🤔",
    "desire": "crav* desir* dream* hope* hungry longing lust* need* want* wish* yearn* envy envious",
    "disappointment": "disappoint* failure* fail fails failed letdown let-down mediocre pity shame unfortunate* underwhelm* "
    "unimpress* wasted sigh* 😞",
    "disapproval": "against disagree* disapprov* illegal incorrect never no nope object* oppos* unacceptable unfair wrong "
    "refuse* reject* 👎",
    "disgust": "abhor* appall* barf* creep* cring* despis* disgust* eww* ew filth* foul gag* grim gross* gruesome "
    "loath* mold* nasty nausea* obscene perver* puke* putrid repell* repuls* revolt* rotten sick sicken* slime* smell* "
    "stench stink* toxic vile* vomit* yuck* 🤢 🤮",
    "embarrassment": "asham* awkward* blush* embarrass* facepalm* humiliat* mortif* shy sheepish self-conscious 🤦 😳",
    "excitement": "can't-wait eager* energi* enthusias* excit* hype* pumped rush* stoked thrill* woohoo* wow yay* 🎉 🥳 🤩",
    "fear": "afraid alarm* anxi* apprehens* coward* danger* dread* eerie fear* fright* haunt* horrif* horror* menac* "
    "nightmar* panic* paranoi* petrif* phobia* risk* scare* scari* scary shaking spook* terrible terrif* terror* "
    "threat* timid trembl* unsafe 😱 😨 😰",
    "gratitude": "appreciat* bless* grateful* gratitude indebted thank* thx ty tysm thankful* 🙏",
    "grief": "bereav* buried condolences dead death* died funeral* grief griev* mourn* passed-away rip tragic tragedy "
    "miss-you",
    "joy": "bliss* celebrat* cheer* content* delight* ecsta* elat* enjoy* fun gladly glad* glee* happi* happy jolly joy* "
    "jubila* lovely merry nice overjoy* pleasant pleased pleasure radiant rejoic* satisf* smile* smiling sunshine "
    "sunny 😀 😃 😄 😁 😊 🙂 :) :-) :d :-d ^^ ^_^ =)",
    "love": "ador* affection* beloved cherish* darling dear fond love* loving romanc* romantic sweetheart ❤ 💕 💖 💜 🥰 😘 <3",
    "nervousness": "anxious* edgy jitter* nervous* nerves restless* stress* tense tension uneasy unnerv* worri* worry* 😬 😟",
    "optimism": "confident encourag* fingers-crossed hopeful* hopefully looking-forward optimis* promising someday "
    "better faith* 🤞",
    "pride": "accomplish* achiev* earned honor* honour* pride proud* proudly triumph* victor* 💪 🏆",
    "realization": "apparently aha discover* dawned notic* oh ohh realis* realiz* remember* turns-out understood figured 💡",
    "relief": "calm* eased finally luckily phew relax* relie* reliev* reassur* safely 😌 😮‍💨",
    "remorse": "apolog* fault forgive* guilt* my-bad regret* remorse* repent* sorry sorrow-for",
    "sadness": "abandon* alone bleak blue broke* crie* cry* crying deject* depress* despair* devastat* dismal down "
    "gloom* heartbr* helpless* hopeless* hurt* lonel* loss melanchol* miserabl* misery miss pain* sad sadd* sadly "
    "sadness sob* sorrow* suffer* tear* unhapp* upset* weep* wept 😢 😭 😔 💔 :( :-( :'( =( t_t",
    "surprise": "abrupt* amaz* astonish* astound* dumbfound* gasp* incredul* jaw-drop* marvel* omg plot-twist shock* "
    "speechless* stagger* startl* stun* sudden* surpris* unbelievabl* unexpected* unforeseen whoa* woah wow* 😮 😲 😯 o_o",
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
