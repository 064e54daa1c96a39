# SPDX-License-Identifier: Apache-2.0
"""What is said: words, commands, numbers, times and short sentences, drawn by a grammar.

`draw(rng)` gives one text as the model shall write it: first letter large, numbers in words, a full
stop or a question mark at the end. `is_held_out(text)` says whether a text is kept for measuring:
about one in sixteen, by its hash, so that no list need be kept. Texts of one or two words are too few
to keep some away from training; with them, only the voice is new. Nor are the TAUGHT kept away: a
decoder that has heard "turn the volume up" a hundred times and "down" never, hears "up".
"""

import hashlib

DIGITS = "zero one two three four five six seven eight nine".split()
TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen".split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
ORDINALS = """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
fourteenth fifteenth twentieth thirtieth""".split()
COLOURS = "red green blue yellow white black orange purple pink brown grey".split()
ROOMS = """kitchen bedroom bathroom hall garage garden office cellar attic nursery|living room|dining room
|guest room|front porch""".replace("\n", "").split("|")
ROOMS = ROOMS[0].split() + ROOMS[1:]
DEVICES = """light lights lamp fan heater radio television oven dishwasher kettle heating alarm speaker printer
camera music projector""".split() + ["washing machine", "coffee machine", "air conditioner", "water pump", "night light"]
OPENABLE = "door window gate garage curtains blinds box".split() + ["front door", "back door", "garage door"]
WORDS = """yes no stop go start left right up down on off wait hello goodbye thanks please help cancel repeat next back
forward backward open close play pause louder quieter faster slower begin end okay continue follow learn visual tree
house bird cat dog bed happy wow computer marvin sheila again more less enter exit""".split()
PHRASES = """thank you|good morning|good night|good evening|turn left|turn right|go home|go back|come here|stop now|go on
|not now|try again|of course|well done|never mind|excuse me|be careful|hurry up|wake up|sit down|stand up|shut down
|power off|power on|volume up|volume down|take a picture|call for help|what time is it|how are you|I do not know|see you later
|all right|no thank you|yes please|let us go|look at me|listen to this|that is right|that is wrong|start again|stop that
|slow down|speed up|lights on|lights off|next song|skip this one|say it again|who is there|where are you|what is this
""".replace("\n", "").strip("|").split("|")
PEOPLE = """mother father brother sister friend teacher doctor neighbour child baby uncle aunt boy girl man woman driver
farmer student lady captain king queen people children engineer nurse baker""".split()
NAMES = "John Mary Peter Anna David Susan Paul Emma Tom Alice George Sarah Henry Laura Max Julia".split()
ANIMALS = "cat dog horse bird fish cow sheep mouse lion bear fox rabbit duck snake chicken".split()
THINGS = """book letter key phone table chair bottle cup plate knife hat coat shoe ball bag box picture window car
bicycle boat train bus clock watch pen paper map ticket apple bread egg cake sandwich lamp mirror hammer machine robot
sensor battery camera computer message song story question answer number name game present umbrella bucket rope stone
stick flower basket blanket newspaper""".split()
FOODS = """bread butter milk cheese water tea coffee sugar salt rice soup fish meat fruit juice chocolate honey
potatoes apples eggs""".split()
PLACES = """house school shop park station office beach river city village market church hospital kitchen garden street
bridge hotel library museum field forest mountain lake island airport restaurant corner castle farm factory world""".split()
ADJECTIVES = """big small old new good bad long short hot cold warm nice young fast slow happy sad dark bright heavy
light clean dirty empty full quiet loud strong weak rich poor beautiful simple strange important famous wooden little
great broken cheap expensive round soft hard sharp""".split()
MOODS = "happy sad tired hungry thirsty angry ready late early busy sick well afraid sure alone here".split()
VERBS = {  # present, with he or she, past, with -ing
    "see": "sees saw seeing", "take": "takes took taking", "give": "gives gave giving", "find": "finds found finding",
    "want": "wants wanted wanting", "need": "needs needed needing", "like": "likes liked liking", "buy": "buys bought buying",
    "sell": "sells sold selling", "bring": "brings brought bringing", "carry": "carries carried carrying",
    "hold": "holds held holding", "lose": "loses lost losing", "make": "makes made making", "use": "uses used using",
    "open": "opens opened opening", "close": "closes closed closing", "watch": "watches watched watching",
    "keep": "keeps kept keeping", "break": "breaks broke breaking", "clean": "cleans cleaned cleaning",
    "paint": "paints painted painting", "build": "builds built building", "move": "moves moved moving",
    "remember": "remembers remembered remembering", "forget": "forgets forgot forgetting", "hear": "hears heard hearing",
    "know": "knows knew knowing", "love": "loves loved loving", "push": "pushes pushed pushing", "pull": "pulls pulled pulling",
    "throw": "throws threw throwing", "catch": "catches caught catching", "read": "reads read reading",
}
VERBS = {k: v.split() for k, v in VERBS.items()}
WENT = "went walked ran drove came moved returned travelled".split()
ADVERBS = "today tomorrow yesterday now again always never often sometimes soon later here there together slowly quickly".split()
PREPOSITIONS = "in on under near behind beside above before over with without from to at by into through across".split()
SMALL = """the a and of to in is it you that he was for on are with as his they be at one have this from or had by but not
what all were we when your can said there use an each which she do how their if will up other about out many then them
these so some her would make him into time has look two more write go see number no way could my than been call who its
now find long down day did get come made may part""".split()
WEATHER = "sunny rainy cloudy windy cold hot warm dry wet foggy stormy".split()
UNITS = "degrees percent minutes seconds hours metres kilometres pounds dollars grams litres days weeks".split()


def _pick(r, items):
    return items[int(r.integers(len(items)))]


def number(r, top=100):
    """A number below `top` (at most 10,000) in words."""
    n = int(r.integers(top)) if r.random() < 0.6 else int(r.integers(min(top, 100)))
    return in_words(n)


def in_words(n):
    if n >= 1000:
        return in_words(n // 1000) + " thousand" + (" " + in_words(n % 1000) if n % 1000 else "")
    if n >= 100:
        return in_words(n // 100) + " hundred" + (" " + in_words(n % 100) if n % 100 else "")
    if n >= 20:
        return TENS[n // 10 - 2] + (" " + DIGITS[n % 10] if n % 10 else "")
    return TEENS[n - 10] if n >= 10 else DIGITS[n]


def _digits(r):
    return " ".join(_pick(r, DIGITS) for _ in range(int(r.integers(1, 9))))


def _clock(r):
    hour = in_words(int(r.integers(1, 13)))
    return _pick(r, [f"{hour} o'clock", f"half past {hour}", f"a quarter to {hour}", f"a quarter past {hour}",
                     f"{in_words(int(r.integers(1, 30)))} minutes past {hour}", f"{hour} {in_words(int(r.integers(10, 60)))}"])


def _date(r):
    return f"{_pick(r, DAYS)} the {_pick(r, ORDINALS)} of {_pick(r, MONTHS)}"


def _home(r):
    room, device, opens = _pick(r, ROOMS), _pick(r, DEVICES), _pick(r, OPENABLE)
    n, colour = number(r), _pick(r, COLOURS)
    return _pick(r, [
        f"turn on the {device}", f"turn off the {device}", f"turn the {room} {device} on", f"turn the {room} {device} off",
        f"switch on the {device} in the {room}", f"switch off the {device} in the {room}", f"turn on the {room} light",
        f"turn off the {room} light", f"turn off all the lights", f"set the {device} to {n} percent",
        f"set the temperature to {n} degrees", f"set the {room} to {n} degrees", f"make the {room} {_pick(r, ['warmer', 'colder', 'brighter', 'darker'])}",
        f"set the {room} light to {colour}", f"make the {_pick(r, ['light', 'lamp', 'lights'])} {colour}", f"open the {opens}", f"close the {opens}",
        f"lock the {opens}", f"unlock the {opens}", f"is the {opens} open", f"is the {device} on", f"dim the {room} lights",
        f"set a timer for {n} {_pick(r, ['minutes', 'seconds', 'hours'])}", f"wake me up at {_clock(r)}", f"play {_pick(r, ['some music', 'the radio', 'the next song', 'a story', 'my favourite song'])} in the {room}",
        f"turn the volume {_pick(r, ['up', 'down'])}", f"set the volume to {n}", f"remind me to {_pick(r, list(VERBS))} the {_pick(r, THINGS)} at {_clock(r)}",
        f"what is the temperature in the {room}", f"stop the {device}", f"start the {device}", f"call {_pick(r, NAMES)}",
        f"send a message to {_pick(r, NAMES)}", f"add {_pick(r, FOODS)} to the shopping list", f"how is the weather {_pick(r, ['today', 'tomorrow', 'in the city', 'on ' + _pick(r, DAYS)])}",
    ])


def _phrase(r):
    """A noun phrase."""
    noun = _pick(r, [PEOPLE, ANIMALS, THINGS, THINGS][int(r.integers(4))])
    head = _pick(r, ["the", "my", "your", "his", "her", "our", "their", "this", "that", "a"])
    if r.random() < 0.4:
        noun = f"{_pick(r, ADJECTIVES)} {noun}"
    return ("an " if head == "a" and noun[0] in "aeiou" else head + " ") + noun


def _who(r):
    if r.random() < 0.55:
        return _pick(r, ["I", "you", "we", "they", "he", "she"])
    return _pick(r, NAMES) if r.random() < 0.4 else f"{_pick(r, ['the', 'my', 'his', 'her', 'our'])} {_pick(r, PEOPLE + ANIMALS)}"


def _third(who):
    return who not in ("I", "you", "we", "they")


def _to_be(who):
    return "am" if who == "I" else "is" if _third(who) else "are"


def _where(r):
    return f"{_pick(r, PREPOSITIONS)} the {_pick(r, PLACES + THINGS)}"


def _tail(r):
    k = r.random()
    return "" if k < 0.45 else " " + (_where(r) if k < 0.7 else _pick(r, ADVERBS) if k < 0.85 else f"on {_pick(r, DAYS)}" if k < 0.93 else f"at {_clock(r)}")


def _statement(r):
    who, verb = _who(r), _pick(r, list(VERBS))
    third, past, doing = VERBS[verb]
    was = "was" if _third(who) or who == "I" else "were"
    return _pick(r, [
        f"{who} {third if _third(who) else verb} {_phrase(r)}{_tail(r)}", f"{who} {past} {_phrase(r)}{_tail(r)}", f"{who} {past} {_phrase(r)}{_tail(r)}",
        f"{who} {_to_be(who)} {doing} {_phrase(r)}{_tail(r)}", f"{who} {was} {doing} {_phrase(r)}{_tail(r)}",
        f"{who} {_pick(r, ['will', 'can', 'could', 'should', 'would', 'must', 'may', 'might'])} {verb} {_phrase(r)}{_tail(r)}",
        f"{who} {_pick(r, WENT)} {_pick(r, ['to', 'into', 'through', 'across', 'from', 'past', 'towards'])} the {_pick(r, PLACES)}{_tail(r)}",
        f"{who} {_to_be(who)} {_pick(r, MOODS)}{_tail(r)}", f"there {_pick(r, ['is', 'was'])} {_phrase(r)} {_where(r)}",
        f"{_phrase(r)} {_pick(r, ['is', 'was'])} {_pick(r, ['very ', 'too ', 'so ', 'not ', ''])}{_pick(r, ADJECTIVES)}", f"it is {_clock(r)}",
        f"it {_pick(r, ['is', 'was', 'will be'])} {_pick(r, WEATHER)} {_pick(r, ['today', 'yesterday', 'tomorrow', 'in ' + _pick(r, MONTHS), 'on ' + _pick(r, DAYS)])}",
        f"today is {_date(r)}", f"the meeting is on {_date(r)}", f"{who} said that {_phrase(r)} {_pick(r, ['is', 'was'])} {_pick(r, ADJECTIVES)}",
        f"{_pick(r, PEOPLE)} and {_pick(r, PEOPLE)} {past} {number(r)} {_pick(r, ['books', 'apples', 'houses', 'letters', 'flowers', 'stones'])}",
        f"if {who} {past} {_phrase(r)}, we would {_pick(r, list(VERBS))} it", f"do not {verb} {_phrase(r)}", f"please {verb} {_phrase(r)}{_tail(r)}",
        f"it takes {number(r)} {_pick(r, UNITS)} to {verb} {_phrase(r)}", f"this costs {number(r, 1000)} {_pick(r, ['pounds', 'dollars'])}",
        f"once upon a time there was {_phrase(r)}", f"the {_pick(r, ADJECTIVES)} {_pick(r, PLACES)} {_pick(r, ['was', 'is'])} full of {_pick(r, FOODS + ['people', 'children', 'light', 'stones'])}",
        f"ask not what {_phrase(r)} can do for you" if r.random() < 0.1 else f"{who} {past} nothing{_tail(r)}",
        f"we {_pick(r, ['have', 'had', 'need', 'want'])} {_pick(r, ['no', 'some', 'more', 'enough', 'a little', 'too much'])} {_pick(r, FOODS)}",
    ])


def _question(r):
    who, verb = _who(r), _pick(r, list(VERBS))
    do = _pick(r, ["does" if _third(who) else "do", "did", "can", "will"])
    return _pick(r, [
        f"{do} {who} {verb} {_phrase(r)}{_tail(r)}", f"where is {_phrase(r)}", f"what {do} {who} {verb}", f"why {do} {who} {verb} {_phrase(r)}",
        f"who {VERBS[verb][1]} {_phrase(r)}", f"how many {_pick(r, UNITS)} are there in {_phrase(r)}", f"when {do} {who} go to the {_pick(r, PLACES)}",
        f"what is the {_pick(r, ['name', 'number', 'time', 'weather', 'answer', 'colour', 'date'])} of {_phrase(r)}", f"{_to_be(who)} {who} {_pick(r, MOODS)}",
        f"have you seen {_phrase(r)}", "what time is it", "how old are you", f"is it {_pick(r, WEATHER)} in {_pick(r, MONTHS)}",
    ]) + "?"


_ALL = None


def all_words():
    """Every content word of the lists above, for strings of unrelated words."""
    global _ALL
    if _ALL is None:
        lists = (WORDS, DIGITS, TEENS, TENS, DAYS, MONTHS, ORDINALS, COLOURS, PEOPLE, NAMES, ANIMALS, THINGS, FOODS, PLACES, ADJECTIVES,
                 MOODS, ADVERBS, PREPOSITIONS, SMALL, WEATHER, UNITS, list(VERBS), [w for v in VERBS.values() for w in v])
        _ALL = sorted({w for words in lists for w in words})
    return _ALL


def finish(text):
    """First letter large, a mark at the end."""
    asks = text.endswith("?") or text.split()[0] in ("what", "how", "where", "who", "is", "why")
    text = text.rstrip("?")
    return text[0].upper() + text[1:] + ("?" if asks else ".")


def unrelated(r):
    """One text of up to five words that have nothing to do with each other: nothing to guess, one has to hear."""
    return finish(" ".join(_pick(r, all_words()) for _ in range(int(r.integers(1, 6)))))


def draw(r):
    """One text; the kinds have fixed shares."""
    k = r.random()
    if k < 0.13:
        text = _pick(r, WORDS)
    elif k < 0.18:
        text = _pick(r, PHRASES)
    elif k < 0.28:
        text = _digits(r)
    elif k < 0.33:
        text = number(r, 10000)
    elif k < 0.53:
        text = _home(r)
    elif k < 0.80:
        text = _statement(r)
    elif k < 0.90:
        text = _question(r)
    else:
        return unrelated(r)
    return finish(text)


# Texts so common that the hash may not keep them away.
TAUGHT = set("""Turn the volume down.|How is the weather tomorrow?|I do not know.|Is the window open?|Open the front door.
|Lock the garage door.|What is the temperature in the bathroom?|Lock the curtains.|Turn off the hall light.|Turn on the hall light.
|Turn off the guest room light.|What is the temperature in the front porch?|Send a message to Sarah.|Add soup to the shopping list.
|Is the television on?|Is the kettle on?|Start the water pump.|Start the oven.|It is a quarter to one.|Send a message to Mary.
|How is the weather on Thursday?|Start the air conditioner.|Make the lamp yellow.|Make the light green.""".replace("\n", "").split("|"))


def is_held_out(text):
    if len(text.split()) <= 2 or text in TAUGHT:
        return False
    return hashlib.sha256(text.lower().encode()).digest()[0] < 16
