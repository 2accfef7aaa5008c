"""The details of a text: lender, amount, date, person, phone, link and reference."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from explainer.lenders import Register
from explainer.tagger import Tagged

CURRENCY_COUNTRY = {
    "₹": "IN", "inr": "IN", "£": "GB", "gbp": "GB", "ksh": "KE", "kes": "KE", "kshs": "KE", "₦": "NG", "ngn": "NG",
    "naira": "NG", "₱": "PH", "php": "PH", "s$": "SG", "sgd": "SG", "₩": "KR", "krw": "KR", "元": "CN", "rmb": "CN",
    "cny": "CN", "块": "CN", "万": "CN", "r": "ZA", "zar": "ZA", "rm": "MY", "myr": "MY", "rp": "ID", "idr": "ID",
    "a$": "AU", "aud": "AU", "c$": "CA", "cad": "CA", "nz$": "NZ", "hk$": "HK", "nt$": "TW", "tzs": "TZ", "tsh": "TZ",
    "ugx": "UG", "ush": "UG", "ghs": "GH", "gh₵": "GH", "bdt": "BD", "tk": "BD", "৳": "BD", "aed": "AE", "zmw": "ZM",
    "lkr": "LK", "pkr": "PK", "npr": "NP", "tl": "TR", "usd": "US", "lakh": "IN", "lakhs": "IN", "lac": "IN",
    "lacs": "IN", "crore": "IN", "pesos": "PH", "us$": "US",
}  # fmt: skip
"""A currency sign or word that names one country. "Rs" and "$" stand for several and are left out."""


MAX_TRIES = 40
"""Rows of digits that are tried as phone numbers of one country: a text of nothing but digits would take seconds."""
TAGGED_FIRST = ("lender", "person", "reference")
"""Details that the model finds better than the patterns do, measured on the evaluation samples."""


class Found(NamedTuple):
    """A slot in the normalised text."""

    name: str
    start: int
    end: int
    value: str


# Every repeat is bounded: a text of nothing but digits would else be searched in time that grows with its square.
_NUMBER = r"(?:\d{1,3}(?:[,.' ]\d{2,3}){1,6}(?:[.,]\d{1,2})?|\d{1,18}(?:[.,]\d{1,2})?)"
_MASKED = r"(?:\d[\d,]{0,12}[xX*]{2,12}[\d.]{0,12}|[xX*]{2,12}[\d.,]{0,12}\d)"
_BEFORE = (
    r"Rs\.?|INR|₹|KES|Kshs?\.?|KSH|TSh|TZS|UGX|USh|US\$|A\$|C\$|S\$|NT\$|HK\$|NZ\$|R\$|\$|£|€|¥|￥|₩|₦|₱|৳|NGN|PHP|Php|"
    r"GHS|GH₵|GHC|ZMW|ZAR|RM|Rp\.?|IDR|BDT|Tk\.?|AED|SAR|LKR|PKR|NPR|NRs\.?|MYR|SGD|AUD|CAD|USD|GBP|EUR|CNY|RMB|KRW|HKD"
)
_SCALE = r"(?:\s?(?:lakhs?|lacs?|lac|crores?|cr|million|mln|bn|billion|thousand|juta|rb|ribu|k|m|mn|L|万元|万|千元|千|百|亿|w|W)(?![A-Za-z]))"
_AFTER = r"(?:元整?|块钱?|万元|rupees?|rs|pounds?|dollars?|bucks|quid|cedis|naira|tk|taka|€|pesos?|shillings?|bob|TL|INR|KES|NGN|PHP|USD|/-|/=|円|원|đ|vnd|ريال)"
_CHINESE = r"[一二两三四五六七八九十百千]{1,12}(?:万元?|千元?|百元|元|块钱?|亿)|(?<![\d,.])\d{1,18}(?:,\d{3}){0,6}(?:\.\d{1,4})?(?:万元?|千元?|亿|元|块钱?|w(?![a-z]))(?:[-至到]?\d{1,18}(?:万元?|元))?"
AMOUNT = re.compile(
    rf"(?<![A-Za-z])(?:{_BEFORE})\s?[.:]?\s?(?:{_MASKED}|{_NUMBER}){_SCALE}?(?:/-|/=)?"
    rf"|(?<![\w.,])(?:[NRK#]|P(?=\s?\d\d))\s?\d{{1,3}}(?:[, ]?\d{{3}}){{0,6}}(?:[.,]\d\d)?(?:k|m)?(?![\w/-])"
    rf"|(?<![\w.,/-]){_NUMBER}{_SCALE}?\s?{_AFTER}(?![A-Za-z])"
    rf"|(?<![\w.,/-]){_NUMBER}{_SCALE}(?![A-Za-z])"
    rf"|(?<![\w.,/-])\d{{1,3}}(?:,\d{{2,3}}){{1,6}}(?:\.\d\d)?(?![\w/-])"
    rf"|{_CHINESE}",
    re.IGNORECASE,
)
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec)(?:uary|ruary|ch|il|e|y|ust|tember|ober|ember)?"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_WEEKDAY = (
    r"(?:mon|tues?|wed(?:nes)?|weds|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?|"
    r"lunes|martes|jueves|viernes|kesho|besok|bukas|aaj|mañana"
)
DATE = re.compile(
    rf"(?<![\w/.-]){_DAY}[-/.]{_DAY}[-/.](?:20)?\d\d(?![\w/])"
    rf"|(?<![\w/.-])20\d\d[-/.]{_DAY}[-/.]{_DAY}(?!\w)"
    rf"|(?<!\w){_DAY}(?:st|nd|rd|th)?(?:\s+of)?[\s-]?{_MONTH}(?:[\s,'-]+(?:20)?\d\d(?![\w:]))?(?![a-z])"
    rf"|(?<!\w){_MONTH}\.?[\s-]{_DAY}(?:st|nd|rd|th)?(?:,?\s20\d\d)?(?!\w)"
    rf"|(?<![\w/.$£€-]){_DAY}/{_DAY}(?![\w/%])"
    rf"|(?<!\w)(?:the\s)?{_DAY}(?:st|nd|rd|th)(?!\w)"
    r"|(?:20\d\d年)?(?:1[0-2]|0?[1-9])月(?:3[01]|[12]\d|0?[1-9])[日号]?|(?<!\d)(?:3[01]|[12]\d|0?[1-9])[日号](?!店|楼|线)"
    r"|今日|今天|明天|明日|后天|本周[一二三四五六日]|周[一二三四五六日]|月底"
    rf"|(?<!\w)(?:today|tonight|tomorrow|tmrw|tmr|yesterday|{_WEEKDAY})(?!\w)",
    re.IGNORECASE,
)
LINK = re.compile(
    r"(?:https?:/{1,2}|www\.)[^\s,;，。；）)】\]>\"'“”]+"
    r"|(?<![\w@.])(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,10}"
    r"(?:com|net|org|in|co|uk|io|me|ly|cc|cn|top|xyz|app|club|site|online|info|biz|vip|shop|live|link|click|ng|ke|ph|sg|kr|my|id|"
    r"pk|bd|lk|za|au|ca|us|gov|edu|page|loan|loans|money|finance|cash|credit|mobi|gl|gd|to|ws|tk|ml|ga|cf|gq|ru|blog|website|"
    r"space|store|tech|pro|example|do|be|sh|mx|es|nz|tz|ug|gh|ae|ly|st|re|eu|ie|ai|dev|one|work|bank|apk|nu|la|im|tn|nz|kyc|cl|pe)"
    r"(?![a-z0-9.-]*@)(?::\d+)?(?:/[^\s,;，。；）)】\]>\"'“”]*)?(?![a-z0-9@])",
    re.IGNORECASE,
)
REFERENCE = re.compile(
    r"(?:(?:a/?c(?:count)?|acct?|card|loan|ref(?:erence)?|application|app|policy|txn|utr|folio|agreement|contract|case|file|id|till|"
    r"paybill|request|ticket|order|consumer|customer)\.?\s?(?:a/?c\s?)?(?:no|number|num|id|ending(?:\s(?:in|with))?)?\.?\s?[:#]?\s?)"
    r"(?P<ref>[#*xX•]{0,20}(?=[\w*/-]{0,60}\d)[A-Za-z0-9*][\w*•/-]{2,60})"
    r"|(?<![\w.,])(?P<masked>[xX*•]{2,20}[-\s]?\d{2,6}|\d{2,6}[xX*•]{2,20}\d{0,6})(?!\w)"
    r"|(?<![\w.,])(?P<code>(?=[A-Z0-9]{0,13}\d)(?=[A-Z0-9]{0,13}[A-Z])[A-Z0-9]{8,14})(?!\w)"
    r"|(?:尾号|合同号|编号|卡号|账号|后四位)[为是:：]?\s?(?P<zh>[\dA-Za-z*]{2,})"
    r"|(?:ending|ends in|paybill|till|quote|ref|code(?: is)?|otp(?: is)?)\s?(?:no\.?|number)?\s?[:#]?\s?(?P<end>(?=[\w*]{0,60}\d)[\w*-]{3,60})"
    r"|(?<![\w.,:/-])(?P<otp>\d{4,8})(?= is (?:your|the)\b)|(?<=#)(?P<hash>[A-Z0-9-]{0,30}\d[A-Z0-9-]{0,30})",
    re.IGNORECASE,
)
_NAME = r"[A-Z][A-Za-z*'’.-]{0,40}(?:\s[A-Z][A-Za-z*'’.-]{0,40}){0,3}"
PERSON = re.compile(
    rf"(?:(?i:dear|hi|hello|hey|good\s(?:day|morning|afternoon|evening)|ola|oya|habari|namaste|kumusta))\s(?P<greet>(?:(?i:mr|mrs|ms|miss|dr|sir)\.?\s)?{_NAME})"
    rf"|(?P<title>(?:Mr|Mrs|Ms|MR|MRS|MS|Shri|Smt|Engr|Alhaji|Mama)\.?\s{_NAME})"
    rf"|(?i:this is|my name is|i am|i'm|regards|named?|borrower|guarantor for|friend|contact|call|ask for|agent|officer)[,:]?\s(?P<intro>{_NAME})"
    rf"|(?P<from>[A-Z][a-z]{{1,40}}(?:\s[A-Z][a-z]{{1,40}})?)(?=\s(?:from|at|here from|has listed|has given|gave your|owes|listed you|used your))"
    r"|(?P<zh>[赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜谢邹苏潘葛范彭郎鲁韦马方俞任袁柳史唐薛雷贺汤罗毕郝常于傅康余顾孟黄萧尹姚邵汪祁毛米贝明戴宋庞熊纪舒屈项祝董梁杜阮蓝闵席季贾江童颜郭梅盛林钟徐邱骆高夏蔡田胡凌霍万卢莫房解丁邓洪包石崔吉龚程邢裴陆翁荀于惠曲家封储靳段焦谷车侯宓全班秋仲伊宫宁仇甘武符刘景龙叶黎白蒲卓屠池乔闻党翟谭贡申冉桑桂牛边尚农温庄柴瞿阎慕连习容向古易廖步耿满文匡寇广东欧蒯利师巩聂关荆曾游]"
    r"(?:[\u4e00-\u9fff*某]{0,2}?)(?:先生|女士|小姐|经理|总|老师|律师))"
)
_NOT_A_NAME = frozenset(
    [
        "customer",
        "sir",
        "madam",
        "user",
        "member",
        "valued",
        "client",
        "borrower",
        "applicant",
        "friend",
        "all",
        "there",
        "team",
        "parent",
        "cardholder",
        "subscriber",
        "winner",
        "candidate",
        "student",
        "investor",
        "partner",
        "colleague",
        "card",
        "account",
        "loan",
        "policy",
        "our",
        "your",
        "you",
        "i",
        "we",
        "the",
        "this",
        "please",
        "re",
        "ma'am",
        "mom",
        "dad",
        "bro",
        "sis",
        "guys",
        "everyone",
        "bank",
        "emi",
        "payment",
        "limited",
        "ltd",
        "congratulations",
        "final",
        "last",
        "urgent",
    ]
)


def find_slots(text: str, register: Register, country: str | None, tagged: Sequence[Tagged] = ()) -> list[Found]:
    """All slots of the normalised text, in order, none overlapping another.

    What is found first wins: a link is not searched for amounts, a phone number not for references. Details that a
    model has tagged come before those that only look like one.
    """
    taken = [False] * len(text)
    found: list[Found] = []

    def said(*names: str) -> Callable[[], Iterable[Found]]:
        return lambda: (Found(t.name, t.start, t.end, "") for t in tagged if t.name in names)

    references = [(Found("reference", *_group(m)[:2], ""), _group(m)[2]) for m in REFERENCE.finditer(text)]
    steps: list[Callable[[], Iterable[Found]]] = [
        lambda: _links(text),
        lambda: (Found("lender", start, end, lender.id) for start, end, lender in register.find(text)),
        said(*TAGGED_FIRST),
        lambda: (Found("date", *m.span(), "") for m in DATE.finditer(text)),
        lambda: () if tagged else (found for found, group in references if group != "otp"),
        lambda: _amounts(text),
        lambda: _phones(text, country),
        lambda: (
            found
            for found in said("amount")()
            if re.search(r"[\d一二三四五六七八九十百千万]", text[found.start : found.end])
        ),
    ]
    if not tagged:
        steps += [lambda: (found for found, _ in references), lambda: _patterned_lenders(text), lambda: _persons(text)]
    for step in steps:
        for slot in step():
            if slot.end > slot.start and not any(taken[slot.start : slot.end]):
                taken[slot.start : slot.end] = [True] * (slot.end - slot.start)
                found.append(slot)
    return sorted(found, key=lambda slot: slot.start)


_GENERIC_LENDER = re.compile(
    r"(?<![A-Za-z])(?:[A-Z][\w&'.]{0,40}\s){0,3}?[A-Z][\w&']{0,40}\s?"
    r"(?:(?:Small\s|Micro\s?|Home\s|Housing\s|Consumer\s)?"
    r"(?:Bank|Finance|Financial|Finserv|Fincorp|FinCorp|Capital|Credit(?:\sUnion|\sBureau|\sCard)?|Loans?|Lending|Lenders|Lend|Cash|Microfinance|MFB|Sacco|SACCO|"
    r"Mortgage|Funding|Kredit|Recover(?:y|ies)|Collections?|Pay\s?Later|BNPL))(?![a-z])"
)
_SIGNATURE = re.compile(
    r"^\W?[【\[](?P<zh>[^】\]]{2,20})[】\]]|[【](?P<zh2>[^】]{2,20})[】]\W?$"
    r"|(?:^|[.!?\d/]\s?)[-–~]{1,2}\s?(?:Team\s|from\s)?(?P<end>[A-Z][\w&'.]{0,40}(?:\s[A-Z(][\w&'.)]{0,40}){0,3})\.?$"
    r"|^(?P<head>[A-Z][\w&']{0,40}(?:\s[A-Z][\w&']{0,40}){0,2}):\s"
    r"|(?i:\b(?:team|regards,?|it's|its|thank you for (?:choosing|banking with)|welcome to|your|from|with|by|to|at|via|using|on|the)\s)"
    r"(?P<from>[A-Z][\w&']{0,40}(?:\s[A-Z][\w&']{0,40}){0,2})"
    r"(?=\s(?i:team|loan|credit|card|account|app|emi|overdraft|limit|paylater|application|personal|wallet|instal)\b)"
)
_ZH_LENDER = re.compile(
    r"[\u4e00-\u9fff]{2,6}?(?:银行|消费金融|金融|小贷|小额贷款|贷款公司|信贷|财务|催收)|[\u4e00-\u9fff]{1,3}(?:花呗|借呗|白条|金条|贷)(?![款])"
)
_NOT_A_LENDER = frozenset(
    [
        "your",
        "the",
        "a",
        "personal",
        "home",
        "car",
        "gold",
        "business",
        "instant",
        "my",
        "our",
        "this",
        "their",
        "online",
        "any",
        "all",
        "every",
        "payday",
        "student",
        "vehicle",
        "auto",
        "dear",
        "emi",
        "otp",
        "sms",
        "kyc",
        "alert",
        "reminder",
        "notice",
        "urgent",
        "final",
        "important",
        "note",
        "hi",
        "hello",
        "info",
        "warning",
        "free",
        "get",
        "apply",
        "new",
        "rs",
        "no",
        "re",
        "fwd",
        "today",
        "card",
        "credit",
        "loan",
        "bank",
        "due",
        "last",
        "pre",
        "quick",
        "fast",
        "cheap",
        "easy",
        "credit",
        "score",
        "account",
    ]
)


def _patterned_lenders(text: str) -> Iterable[Found]:
    """Names that look like a lender's: a signature, "X Bank", "your X loan"."""
    for match in _SIGNATURE.finditer(text):
        start, end, _ = _group(match)
        if text[start:end].split()[0].casefold() not in _NOT_A_LENDER and not text[start:end].isdigit():
            yield Found("lender", start, end, "")
    for pattern in (_GENERIC_LENDER, _ZH_LENDER):
        for match in pattern.finditer(text):
            start, end = match.span()
            words = match.group().split()
            while words and words[0].casefold() in _NOT_A_LENDER:
                start += len(words.pop(0)) + 1
            if len(words) > 1 or (words and pattern is _ZH_LENDER) or (words and len(words[0]) > 7):
                yield Found("lender", start, min(end, len(text)), "")


def _links(text: str) -> Iterable[Found]:
    for match in LINK.finditer(text):
        if re.fullmatch(r"[a-z]+\.[A-Z][a-z]+", match.group()):
            continue  # two sentences with no blank between them: "report.To check"
        end = match.start() + len(match.group().rstrip(".,!?:;'\""))
        yield Found("link", match.start(), end, registered_domain(text[match.start() : end]))


@cache
def _extractor() -> Callable[[str], Any]:
    import tldextract  # 70 ms of imports, needed only when a text has a link

    # The bundled list, never the network; bank.in is where Indian banks have their names since 2025.
    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, extra_suffixes=("bank.in",))


def registered_domain(link: str) -> str:
    """ "https://pay.bajaj.in/x" -> "bajaj.in"; a bare address stays; empty when there is none."""
    host = re.sub(r"^https?:/{1,2}", "", link, flags=re.IGNORECASE).split("/")[0]
    parts = _extractor()(host)
    return str(parts.top_domain_under_public_suffix or parts.ipv4 or "").casefold()


def _amounts(text: str) -> Iterable[Found]:
    for match in AMOUNT.finditer(text):
        sign = re.match(r"[^\d\s.,]+", match.group())
        last = re.search(r"[^\d\s.,]+$", match.group())
        country = next(
            (c for m in (sign, last) if m and (c := CURRENCY_COUNTRY.get(m.group().strip(".").casefold()))), ""
        )
        yield Found("amount", match.start(), match.start() + len(match.group().rstrip(" .,")), country)


def _phones(text: str, country: str | None) -> Iterable[Found]:
    import phonenumbers

    seen: list[tuple[int, int]] = []
    for region in dict.fromkeys((country, "US", "IN", "GB")):
        for match in phonenumbers.PhoneNumberMatcher(text, region, phonenumbers.Leniency.POSSIBLE, MAX_TRIES):
            digits = sum(c.isdigit() for c in match.raw_string)
            if digits < 7 or any(start < match.end and match.start < end for start, end in seen):
                continue
            if not phonenumbers.is_valid_number(match.number) and not _said_to_be_a_phone(text, match.start):
                continue
            seen.append((match.start, match.end))
            value = phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164)
            yield Found("phone", match.start, match.end, value)
    for found in _PHONE.finditer(text):
        yield Found("phone", *_group(found)[:2], "")


_PHONE = re.compile(
    r"(?:call|dial|text|sms|whats?app|contact|ring|missed call (?:to|on)|tel|ph|phone|mob(?:ile)?|helpline|to|at|on|no\.?|number|pls)[:.]?\s?"
    r"(?P<said>\+?\d[\d -]{2,14}\d)(?!\w)"
    r"|(?<![\w.,])(?P<ussd>\*\d{2,4}(?:\*\d{1,20}){0,6}#)"
    r"|(?:微信|加微|薇|威信|V信|vx|wx|电话|致电|拨打?|咨询|联系|客服|热线)[号是为:：]?\s?(?P<zh>[A-Za-z][\w-]{4,}|[\d-]{5,13})"
    r"|(?<![\w.,*])(?P<cn>1[3-9]\d{9}|0\d{2,3}-?\d{7,8}|400-?\d{3}-?\d{4}|95\d{3})(?!\w)",
    re.IGNORECASE,
)


def _said_to_be_a_phone(text: str, at: int) -> bool:
    return bool(
        re.search(
            r"(?:call|dial|whats?app|contact|tel|ph|phone|mob|text|sms|no|at|on|to)\W{0,3}$", text[:at], re.IGNORECASE
        )
    )


def _persons(text: str) -> Iterable[Found]:
    for match in PERSON.finditer(text):
        start, end, group = _group(match)
        words = text[start:end].split()
        while words and words[-1].casefold().strip(".,") in _NOT_A_NAME:
            end -= len(words.pop()) + 1
        if words and words[0].casefold().strip(".,") not in _NOT_A_NAME:
            yield Found("person", start, start + len(text[start:end].rstrip(" .,'")), "")


def _group(match: re.Match[str]) -> tuple[int, int, str]:
    """Span and name of the one group that matched."""
    name = match.lastgroup or ""
    return (*match.span(name), name)
