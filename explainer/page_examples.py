"""Twelve made-up texts to try the page with: every kind, several countries, one in Chinese."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    label: str
    kind: str
    country: str
    sender: str
    text: str


EXAMPLES = (
    Example(
        "A late payment, UK", "overdue_demand", "GB", "",
        "FINAL NOTICE. Account 4471 is 45 days past due. £312.40 must be paid today or we may take legal action. "
        "- Cabot",
    ),
    Example(
        "A payment soon, India", "reminder", "IN", "VM-HOMECR-S",
        "Dear customer, EMI of Rs 2,031 for your loan ending 8842 is due on 18 Mar. Please keep your a/c funded. "
        "- Home Credit",
    ),
    Example(
        "A loan offer, US", "advert", "US", "726445",
        "Jordan, you are pre-approved for a personal loan of up to $15,000 with rates from 7.99% APR. "
        "Checking will not hurt your score. Reply YES for your offer or STOP to opt out.",
    ),
    Example(
        "A fee before the loan, Nigeria", "scam", "NG", "+2348035550100",
        "CONGRATULATIONS! Your loan of N200,000 is APPROVED. Pay a processing fee of N5,000 first to Opay "
        "0803 555 0100 and get the money in 10 minutes. Do not tell anybody.",
    ),
    Example(
        "A late payment, China", "overdue_demand", "CN", "1069055512345",
        "【招联金融】您尾号4821的借款已逾期3天，应还金额1,286.50元。请尽快还款，以免影响您的征信记录。如已还款请忽略。",
    ),
    Example(
        "Someone else's loan, Kenya", "third_party_demand", "KE", "0711 555 020",
        "Hello, Brian Otieno gave you as referee for a loan of KES 5,000 that he now refuses to pay. "
        "Tell him to clear it today or we will keep calling you. Zenka recovery",
    ),
    Example(
        "A one-time code, UK", "code", "GB", "Klarna",
        "847211 is your Klarna one-time code. It is valid for 10 minutes. We will never call you for it, "
        "so do not share it with anyone.",
    ),
    Example(
        "A loan approved, Kenya", "service_notice", "KE", "",
        "Dear Grace, your Tala loan application LA220918 was approved. KES 8,500 has been sent to your M-PESA. "
        "Log in to the app to see your repayment plan.",
    ),
    Example(
        "A threat of arrest, US", "scam", "US", "+1 202 555 0134",
        "This is your last warning. A warrant is being filed against your SSN for an unpaid payday loan of $986. "
        "Call Officer Mills now at 202-555-0134 and pay by gift card to stop your arrest.",
    ),
    Example(
        "Threats to a contact, Philippines", "third_party_demand", "PH", "+63 905 555 0177",
        "Maria Santos listed you as her contact person. Her loan of PHP 6,000 is overdue. If she will not pay today "
        "we post her photo and message all her contacts. Remind her now.",
    ),
    Example(
        "A loan offer, India", "advert", "IN", "JM-LOANOW-P",
        "Need cash? Get an instant personal loan of up to Rs 5,00,000 in 10 mins. No paperwork, low interest, "
        "CIBIL not needed. Apply now. T&C apply.",
    ),
    Example(
        "Not about a loan", "not_loan", "", "Anna",
        "Happy birthday! Are we still on for the cinema at 8? I'll bring the popcorn, you bring your sister.",
    ),
)  # fmt: skip
