"""Words that are meant for a program which reads the text, not for the person: where they stand.

Lenders write to people. What is said to a program, or looks like its data and code, is left out of what the stages
judge; that it stands there is told to the reader and counts against the sender. The list of patterns is no defence by
itself, for there are always words that it does not know: `worst_parts` needs no list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_PROGRAM = (
    r"(?:a\.?i\.?(?: (?:assistant|model|program|helper|reader)s?)?|(?:large )?language models?|llms?|chat-?bots?|gpt|"
    r"explainers?|explaining program|automat(?:ed|ic) (?:reader|system|filter|tool)s?|assistant|the (?:program|model|filter))"
)
_RULES = r"(?:instruction|rule|guideline|direction|prompt|command|restriction)s?"
_ANSWER = r"(?:answer|summary|explanation|output|response|conclusion|headline|verdict|analysis|classification)s?"
_SAFE = r"(?:safe|harmless|genuine|legit(?:imate)?|trustworthy)"
TO_A_PROGRAM = tuple(
    re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for pattern in (
        # Forget the rules
        rf"\b(?:ignor\w*|disregard\w*|forget|overrid\w*|bypass|skip) (?:\w+ ){{0,3}}(?:{_RULES}|above|warnings)\b",
        rf"\b(?:previous|prior|earlier|hidden|secret|system|initial|new|your) {_RULES}\b",
        r"\b(?:jailbreak|prompt injection|(?:debug|developer|maintenance) (?:mode|code)|system note|context window)\b",
        # Speaking to a program, or of one
        rf"\b(?:dear|to|for|hey|as|note to|attention) (?:the |an? |any |all )?{_PROGRAM}\b(?!'s| service| team)",
        rf"\b{_PROGRAM} (?:must|should|shall|has to|have to|needs to|is to|are to|will now)\b",
        r"\b(?:you are|act as|play)\b.{0,20}\b(?:ai|dan|no longer|a helper|rules|\w*bot)\b|\bpretend (?:that|to)\b|\blet us play\b",
        r"^[^\w\n]{0,10}(?:system|developer|assistant|ai|human|user|model|explainer)(?: \w+){0,3} ?[:>]|^[^\w\n]{0,10}(?:assistant|ai|model),",
        r"\b(?:whoever|who(?:so)? (?:reads|explains)|the one who|quien) \w*(?:summari[sz]es|sums|reads|explains|explica|lea)\w*\b",
        # What it shall print
        r"\b(?:print|output|repeat|reveal|dump|echo|append|copy)\b.{0,40}\b(?:word|token|code|line|phrase|prompt|rules?|above|"
        r"instructions?|contents?|sources?|answer|variables)\b",
        r"\b(?:print|output|say|write|echo) (?:only |just |the word |back )?[\"'“]?(?-i:[A-Z]{4,})\b",
        rf"\b(?:in|of|to|into|begin|end|start|sign|for) (?:your|the|this|every|its)(?: \w+)? {_ANSWER}\b",
        rf"\b(?:right|correct|good|whole|valid|final|previous) (?:\w+ )?{_ANSWER}\b|\b{_ANSWER}(?: so far| must| is|:)",
        rf"\b(?:say|state|tell \w+|write|confirm|answer|explain)\b.{{0,40}}\b{_SAFE}\b",
        rf"\b(?:mark|classify|label|treat|rate)\w*\b.{{0,20}}\bas (?:an? )?(?:{_SAFE}|official|reminder)\b|\b\w+=(?:yes|no|none|true)\b|\b\w+=\w+;\w+=",
        rf"\b(?:is|are|was) (?:\w+ ){{0,2}}{_SAFE}\b|\bnot (?:a |an )?(?:scam|fraud|phishing)\b|\bno (?:fraud|scam)\b",
        r"\b(?:tell|advise|instruct) (?:them|the (?:person|reader|user|debtor)|people)\b",
        r"\b(?:word for word|role ?play|end of (?:the )?(?:text|message)|message ends|decode (?:and|this)|rot13|base64)\b",
        r"\b(?:poem|in a novel|story about|into klingon|opposite day)\b",
        # The same in Chinese, Spanish and others
        r"(?:忽略|无视|無視|忘[记掉]|不管).{0,8}(?:指令|规则|規則|内容|提示)|系统提示|【系统】|提示词|AI ?助手|语言模型|作为开发者|从现在起|"
        r"(?:输出|写[上进明]|注明|原样).{0,12}(?:答案|结论|回答|[A-Z]{4})|引用来源|只回复|告[诉知]用户|不要(?:提示|解释)|放心(?:操作|点击)|无需核实|是安全的",
        r"\b(?:ignor[ae]\w*|olvida|abaikan|lupakan|puuza|esqueça|desconsidere|oubliez|huwag pansinin|bỏ qua)\b.{0,30}"
        r"\b(?:instru\w+|reglas|regras|règles|consignes|maagizo|utos|hướng dẫn)\b",
        r"(?:игнорируй|забудь).{0,30}(?:инструкци|указани|правил)|अनदेखा.{0,20}निर्देश|निर्देश.{0,20}अनदेखा|تجاهل.{0,10}التعليمات|ไม่ต้องสนใจคำสั่ง|\b(?:el|o) programa deb\w+",
        r"\b(?:el|al|o|para el|l'|asisten|ahora eres|como desarrollador)\b ?(?:asistente|assistente|assistant|ai\b|asesor|te autorizo)|\btu (?:prompt|mensaje de sistema)",
        r"\b(?:responde solo|cita la fuente|no menciones|no expliques|di al usuario|dilo así|y escribe)\b",
    )
)
OF_A_PROGRAM = tuple(
    re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    for pattern in (
        r"<\|[^|\n]{1,40}\|>|\[/?(?:inst|cls|sep|pad|mask|unk|sys)\]|<</?sys>>|</?s>|</?think>|<\w+_of_turn>",
        r"</[a-z][\w:-]{0,30}>|<[a-z!][\w:-]{0,30}[\s/][^<>\n]{0,300}>|<!--|<(?:script|style|svg|iframe|img)\b",
        r"\{\s*[\"'][\w ]{1,30}[\"']\s*:(?:[^{}\n]{0,200}\})?|[\"']\s*,\s*[\"']\w{1,30}[\"']\s*:|\}\}|\{\{|\$\{|\{%|<%|%\(\w+\)s|[⟦⟧]|«\w+»",
        r"```[^`]{0,300}(?:```)?|^[ \t]{0,10}(?:-{3,}|={3,}|#{1,6} )|-{4,} ?\w|[\"']{3}|\bdrop table\b|--(?:answer|writer|note) ",
        r"\[-?\d{1,3}\]|\[[A-Z]\w{2,20}(?:_\d|:[^\]]*)\]|<[A-Z]\w{2,20}_\d>|__[A-Z]\w+__",
        r"^\W{0,3}(?:sources?|facts?|passages?|fuentes|来源|reference document|headline|why|what to do|kind|causes?)\s*[:：]",
        r"(?:来源|來源|fuentes|sources)\s*[:：]|^\W{0,3}(?:sources|passages|what to do)\s*$",
        r"(?<![\w/.?=&-])(?=(?-i:\S{0,80}?[a-z][A-Z]\S{0,20}[a-z][A-Z]\S{0,20}[A-Z][a-z]))[A-Za-z0-9+/]{24,}={0,2}(?![\w/])|\b0x[0-9a-f]{16,}",
        r"(?:%[0-9a-f]{2}){4,}|(?:&#x?\w{2,5};){3,}|\]\(\S|javascript:|data:text|/etc/passwd",
    )
)
_REPEAT = re.compile(r"(?P<unit>\S.{0,79}?)(?:\s?(?P=unit)){4,}", re.DOTALL)
"""Looked for within bounded windows only: its time grows with the square of what it is given."""
_END = re.compile(r"(?<=[.!?;])\s+|(?<=[。！？；])\s*|\n+|(?<=\w)\s+(?=[A-Z][a-z]+ (?:[a-z]+ ){2})")
"""A sentence ends at its sign, and where a capital letter begins one after words that have none."""
_CUT = re.compile(rf"{_END.pattern}|(?<=:)\s+")
_ASIDE = re.compile(r"[(（][^()（）]{20,200}[)）]")
PART = 30
"""Characters that a part must have to be read as a text of its own: shorter ones have no kind."""
MAX_PARTS = 16
"""Each costs as much as a phrase of the evidence; a text of more sentences is cut at every second, third ... of them."""
MAX_READ = 4000
"""Characters of a text that are searched for repeats: as many as a text may have."""


def find_orders(text: str) -> tuple[tuple[int, int], ...]:
    """The sentences and lines that hold words for a program, or its marks; as spans, in order and apart.

    Where a long run of other words stands before or after them in the same sentence, that run is none of it.
    """
    found = [span for unit in _units(text) if (span := _order_in(text, *unit))]
    found += _repeats(text)
    return _joined(found)


def _order_in(text: str, start: int, end: int) -> tuple[int, int] | None:
    said = [m.span() for pattern in TO_A_PROGRAM for m in pattern.finditer(text, start, end)]
    marks = said + [m.span() for pattern in OF_A_PROGRAM for m in pattern.finditer(text, start, end)]
    if not marks:
        return None
    first, last = min(a for a, _ in marks), max(b for _, b in marks)
    follows = 2 * PART if any(b == last for _, b in said) else PART  # what is wished for stands behind the words
    return (first if first - start >= PART else start), (last if end - last >= follows else end)


def find_marks(text: str) -> list[tuple[int, int]]:
    """Where the words and signs themselves stand that make an order, and what is said over and over."""
    return [m.span() for pattern in (*TO_A_PROGRAM, *OF_A_PROGRAM) for m in pattern.finditer(text)] + _repeats(text)


def _repeats(text: str) -> list[tuple[int, int]]:
    return [m.span() for m in _REPEAT.finditer(text[:MAX_READ]) if m.end() - m.start() >= 40]


def blanked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    """The text with blanks in place of these spans, so that every other character keeps its place."""
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def without_orders(text: str, orders: Sequence[tuple[int, int]]) -> list[str]:
    """The text without its orders, without their marks alone, and what stands before the first and after the last; each
    as long as the text."""
    if not orders:
        return []
    left_out = [orders, find_marks(text), [(orders[0][0], len(text))], [(0, orders[-1][1])]]
    return _long_enough(blanked(text, spans) for spans in left_out)


def worst_parts(text: str) -> list[str]:
    """What a text would be if only its beginning or only its end had been sent, or what it says in brackets had not;
    each as long as the text.

    Foreign words set before or after a trap thin out what gives it away; in one of these parts they are not there.
    """
    units = _units(text, _CUT)
    every = max(1, -(-2 * (len(units) - 1) // MAX_PARTS))
    cuts = [(a[1], b[0]) for a, b in zip(units, units[1:], strict=False)][::every]
    left_out = [[span] for end, start in cuts for span in ((end, len(text)), (0, start))]
    left_out += [[m.span() for m in _ASIDE.finditer(text)]]
    return _long_enough(blanked(text, spans) for spans in left_out if spans)


def _long_enough(texts: Iterable[str]) -> list[str]:
    return [text for text in dict.fromkeys(texts) if len(text.strip()) >= PART]


def _units(text: str, end: re.Pattern[str] = _END) -> list[tuple[int, int]]:
    """Sentences and lines."""
    spans, at = [], 0
    for match in end.finditer(text):
        spans.append((at, match.start()))
        at = match.end()
    return [(a, b) for a, b in [*spans, (at, len(text))] if b > a]


def _joined(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Overlapping spans made one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)
