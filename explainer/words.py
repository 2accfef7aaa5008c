"""How kinds, causes and cues are said in plain English."""

from __future__ import annotations

import re

KIND_WORDS = {
    "advert": "an offer of credit that nobody asked for",
    "service_notice": "a note about an application or account",
    "code": "a one-time code or login",
    "reminder": "a reminder of a payment, or thanks for one",
    "overdue_demand": "a demand for a late payment",
    "third_party_demand": "a demand over somebody else's debt",
    "scam": "a trap that uses a loan as bait or threat",
    "not_loan": "not a text about credit",
}

CAUSE_WORDS = {
    "marketing": "your number is on a marketing list",
    "application": "you applied or have an account there",
    "repayment_due": "you have this loan and a payment is near",
    "overdue": "you have this loan and missed a payment",
    "contact_of_borrower": "a borrower gave your number, or an app copied it from a phone book",
    "wrong_number": "the text was meant for someone else who had or typed your number",
    "identity_theft": "someone borrowed in your name",
    "phishing": "no loan stands behind it and the sender wants your money or data",
    "not_loan": "it is not about a loan",
}

CAUSE_NAMES = {
    "marketing": "marketing",
    "application": "your own application",
    "repayment_due": "your own loan, payment near",
    "overdue": "your own loan, payment missed",
    "contact_of_borrower": "someone else's loan",
    "wrong_number": "wrong or recycled number",
    "identity_theft": "loan taken in your name",
    "phishing": "fraud, no real loan",
    "not_loan": "not about a loan",
}

ANSWER_WORDS = {
    ("applied", "yes"): "you did apply or open an account there",
    ("applied", "no"): "you did not apply or open an account there",
    ("have_loan", "yes"): "you have a loan with them",
    ("have_loan", "no"): "you have no loan with them",
    ("know_borrower", "yes"): "you know the person named, or someone may have given your number",
    ("know_borrower", "no"): "you do not know the person named",
    ("name_is_mine", "yes"): "the name in the text is yours",
    ("name_is_mine", "no"): "the name in the text is not yours",
    ("number_new", "yes"): "you have had this number for a short time",
    ("number_new", "no"): "you have had this number for years",
    ("asked_to_pay", "yes"): "you were asked to pay before getting money",
    ("asked_to_pay", "no"): "nobody asked you to pay first",
}
"""What the reader answered, as the writer is told."""

LANGUAGES = {"en": "English", "zh": "Chinese"}

SENDER_CLASSES = {
    "in_promotional": "an Indian business header ending -P: the network marks it as promotion",
    "in_service": "an Indian business header ending -S: the network marks it as a service text",
    "in_transactional": "an Indian business header ending -T: the network marks it as a transaction text",
    "in_government": "an Indian business header ending -G: the network marks it as a government text",
    "in_header": "an Indian business header without a suffix: older than May 2025, or altered",
    "cn_service_line": "a Chinese five-digit or 95 service number; the number shown can be faked",
    "cn_400": "a Chinese 400 number: any ordinary firm can have one",
    "cn_business_port": "a Chinese 106 port, as businesses use for mass texts",
    "short_code": "a short code, as businesses use for mass texts",
    "personal": "an ordinary personal number",
    "phone": "a phone number that is no personal mobile number of this country",
    "name": "a name instead of a number; it can be faked",
}
"""What the network or number plan says of a sender, by class."""

_CUES = (
    (r"https?:|www\.|\b[\w-]+\.(?:com|in|ly|cc|cn|co|me|app|top|xyz|link|apk)\b|点击|链接", "sends you to a link"),
    (r"processing fee|advance fee|\bfee\b.*\b(?:first|before|release)|deposit|insurance fee|解冻|保证金|手续费|工本费|先交", "asks for a fee before paying out"),
    (r"arrest|police|court|legal|lawsuit|jail|warrant|fir\b|ipc|section \d|起诉|法院|律师|立案|报警|诉讼", "threatens with police or court"),
    (r"contacts?\b|shame|family|friends|post your|photos?|通讯录|亲友|家人|单位", "threatens to tell other people"),
    (r"defaulter|refus\w+ to pay|guarantor|reference|referee|next of kin|担保|紧急联系人|转告|联系人", "speaks of somebody else's debt"),
    (r"overdue|past due|over due|\blate\b|missed|unpaid|outstanding|bounced?|dishonou?red|arrears|default|defaulted|delinquen\w*|逾期|欠款|未还|拖欠", "says a payment is late"),
    (r"\bdue\b|remind\w*|upcoming|instal?ments?|\bemi\b|auto-?pay|还款日|应还|扣款|账单|到期|还款", "speaks of a payment date"),
    (r"maintain|sufficient (?:balance|funds)|keep .*(?:balance|funds)|存足|余额充足", "asks you to keep money ready"),
    (r"received your payment|thank you for (?:your )?pay|payment (?:of .* )?received|credited to (?:your )?loan|已还|已结清|还款成功", "says a payment was received"),
    (r"\botp\b|one[- ]time|passcode|verification|\bcode\b|\bpin\b|验证码|校验码|动态码", "gives a code"),
    (r"never share|do not share|don't share|not share|勿泄露|请勿告知|切勿", "warns you not to share a code"),
    (r"kyc|verify|blocked|suspend\w*|bvn|\bpan\b|aadhaar|ssn|update your|身份证|银行卡号|冻结|注销", "asks for personal data or threatens to block you"),
    (r"pre-?approved|pre-?qualified|eligible|qualify|offer|apply|instant|low(?:est)? (?:interest|rate)|no (?:documents?|paper\w*|collateral|credit check)|limit up ?to|get up ?to|额度|最高|可借|无抵押|办理|利息|低至|邀请|申请", "offers credit"),
    (r"congrat\w*|selected|lucky|guaranteed|winner|恭喜|您已获", "promises an easy win"),
    (r"stop|opt[- ]?out|unsubscribe|reply|退订|拒收|回[A-Z]", "gives a way to reply or opt out"),
    (r"t&c|tnc|terms|conditions apply|条款", "has the small print of an advert"),
    (r"approved|disbursed|sanctioned|declined|rejected|application|statement|mandate|account|processed|credited|审批|放款|到账|申请|发放|账户", "reports on an application or account"),
    (r"urgent\w*|immediately|final|last|today only|within \d+|now|asap|立即|马上|尽快|今日内|最后", "presses you to hurry"),
    (r"dear (?:customer|sir|user|client)|valued customer|尊敬的", "greets you without a name"),
    (r"rs\.?|inr|[₹$£€₦₱¥]|\bk(?:es|sh)\b|\d+(?:,\d{3})+|元|万", "names a sum"),
    (r"loan|credit|borrow|lend|finance|贷|借", "speaks of credit"),
)  # fmt: skip
_EMPTY = frozenset(
    [
        "a",
        "an",
        "the",
        "is",
        "are",
        "was",
        "be",
        "been",
        "of",
        "to",
        "in",
        "on",
        "at",
        "for",
        "and",
        "or",
        "with",
        "by",
        "from",
        "as",
        "if",
        "it",
        "its",
        "this",
        "that",
        "your",
        "you",
        "our",
        "we",
        "us",
        "me",
        "my",
        "i",
        "has",
        "have",
        "had",
        "will",
        "would",
        "can",
        "may",
        "not",
        "no",
        "do",
        "does",
        "did",
        "so",
        "up",
    ]
)


def says_nothing(phrase: str) -> bool:
    """Only small words, digits and signs: no evidence that a person could see anything in."""
    words = re.findall(r"[^\W\d_]+", phrase.casefold())
    return all(word in _EMPTY or (len(word) == 1 and word.isascii()) for word in words)


_COMPILED = [(re.compile(pattern, re.IGNORECASE), words) for pattern, words in _CUES]


TYPICAL = "is typical of"


def cue_of(phrase: str, kind: str) -> str:
    """What a phrase does, in plain words."""
    if kind == "not_loan":
        return "is usual in texts that are not about credit"
    return next((words for pattern, words in _COMPILED if pattern.search(phrase)), f"{TYPICAL} {KIND_WORDS[kind]}")


def cues_in(text: str) -> list[str]:
    """What the words of a text do, each thing once, whatever the kind."""
    return [words for pattern, words in _COMPILED if pattern.search(text)]
