"""The names and addresses of what rules refer to: CWE (MITRE), the OWASP API Security Top 10 of 2023, the guide."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi_seclint.rule import Rule

CWE: Mapping[int, str] = {
    20: "Improper Input Validation",
    22: "Improper Limitation of a Pathname to a Restricted Directory ('Path Traversal')",
    79: "Improper Neutralization of Input During Web Page Generation ('Cross-site Scripting')",
    117: "Improper Output Neutralization for Logs",
    185: "Incorrect Regular Expression",
    187: "Partial String Comparison",
    200: "Exposure of Sensitive Information to an Unauthorized Actor",
    203: "Observable Discrepancy",
    204: "Observable Response Discrepancy",
    208: "Observable Timing Discrepancy",
    209: "Generation of Error Message Containing Sensitive Information",
    256: "Plaintext Storage of a Password",
    257: "Storing Passwords in a Recoverable Format",
    259: "Use of Hard-coded Password",
    261: "Weak Encoding for Password",
    269: "Improper Privilege Management",
    284: "Improper Access Control",
    285: "Improper Authorization",
    287: "Improper Authentication",
    288: "Authentication Bypass Using an Alternate Path or Channel",
    289: "Authentication Bypass by Alternate Name",
    290: "Authentication Bypass by Spoofing",
    294: "Authentication Bypass by Capture-replay",
    295: "Improper Certificate Validation",
    304: "Missing Critical Step in Authentication",
    305: "Authentication Bypass by Primary Weakness",
    306: "Missing Authentication for Critical Function",
    307: "Improper Restriction of Excessive Authentication Attempts",
    311: "Missing Encryption of Sensitive Data",
    312: "Cleartext Storage of Sensitive Information",
    319: "Cleartext Transmission of Sensitive Information",
    321: "Use of Hard-coded Cryptographic Key",
    326: "Inadequate Encryption Strength",
    327: "Use of a Broken or Risky Cryptographic Algorithm",
    328: "Use of Weak Hash",
    330: "Use of Insufficiently Random Values",
    331: "Insufficient Entropy",
    338: "Use of Cryptographically Weak Pseudo-Random Number Generator (PRNG)",
    345: "Insufficient Verification of Data Authenticity",
    346: "Origin Validation Error",
    347: "Improper Verification of Cryptographic Signature",
    352: "Cross-Site Request Forgery (CSRF)",
    359: "Exposure of Private Personal Information to an Unauthorized Actor",
    384: "Session Fixation",
    400: "Uncontrolled Resource Consumption",
    425: "Direct Request ('Forced Browsing')",
    434: "Unrestricted Upload of File with Dangerous Type",
    489: "Active Debug Code",
    497: "Exposure of Sensitive System Information to an Unauthorized Control Sphere",
    521: "Weak Password Requirements",
    522: "Insufficiently Protected Credentials",
    523: "Unprotected Transport of Credentials",
    532: "Insertion of Sensitive Information into Log File",
    538: "Insertion of Sensitive Information into Externally-Accessible File or Directory",
    540: "Inclusion of Sensitive Information in Source Code",
    547: "Use of Hard-coded, Security-relevant Constants",
    552: "Files or Directories Accessible to External Parties",
    565: "Reliance on Cookies without Validation and Integrity Checking",
    598: "Use of GET Request Method With Sensitive Query Strings",
    601: "URL Redirection to Untrusted Site ('Open Redirect')",
    602: "Client-Side Enforcement of Server-Side Security",
    613: "Insufficient Session Expiration",
    614: "Sensitive Cookie in HTTPS Session Without 'Secure' Attribute",
    617: "Reachable Assertion",
    636: "Not Failing Securely ('Failing Open')",
    639: "Authorization Bypass Through User-Controlled Key",
    640: "Weak Password Recovery Mechanism for Forgotten Password",
    644: "Improper Neutralization of HTTP Headers for Scripting Syntax",
    670: "Always-Incorrect Control Flow Implementation",
    682: "Incorrect Calculation",
    693: "Protection Mechanism Failure",
    696: "Incorrect Behavior Order",
    697: "Incorrect Comparison",
    703: "Improper Check or Handling of Exceptional Conditions",
    749: "Exposed Dangerous Method or Function",
    754: "Improper Check for Unusual or Exceptional Conditions",
    755: "Improper Handling of Exceptional Conditions",
    757: "Selection of Less-Secure Algorithm During Negotiation ('Algorithm Downgrade')",
    759: "Use of a One-Way Hash without a Salt",
    760: "Use of a One-Way Hash with a Predictable Salt",
    770: "Allocation of Resources Without Limits or Throttling",
    798: "Use of Hard-coded Credentials",
    799: "Improper Control of Interaction Frequency",
    807: "Reliance on Untrusted Inputs in a Security Decision",
    836: "Use of Password Hash Instead of Password for Authentication",
    862: "Missing Authorization",
    863: "Incorrect Authorization",
    915: "Improperly Controlled Modification of Dynamically-Determined Object Attributes",
    916: "Use of Password Hash With Insufficient Computational Effort",
    918: "Server-Side Request Forgery (SSRF)",
    942: "Permissive Cross-domain Security Policy with Untrusted Domains",
    1004: "Sensitive Cookie Without 'HttpOnly' Flag",
    1021: "Improper Restriction of Rendered UI Layers or Frames",
    1068: "Inconsistency Between Implementation and Documented Design",
    1104: "Use of Unmaintained Third Party Components",
    1127: "Compilation with Insufficient Warnings or Errors",
    1188: "Initialization of a Resource with an Insecure Default",
    1220: "Insufficient Granularity of Access Control",
    1275: "Sensitive Cookie with Improper SameSite Attribute",
    1327: "Binding to an Unrestricted IP Address",
    1391: "Use of Weak Credentials",
    1392: "Use of Default Credentials",
    1395: "Dependency on Vulnerable Third-Party Component",
}
OWASP: Mapping[str, tuple[str, str]] = {
    "API1": ("Broken Object Level Authorization", "0xa1-broken-object-level-authorization"),
    "API2": ("Broken Authentication", "0xa2-broken-authentication"),
    "API3": ("Broken Object Property Level Authorization", "0xa3-broken-object-property-level-authorization"),
    "API4": ("Unrestricted Resource Consumption", "0xa4-unrestricted-resource-consumption"),
    "API5": ("Broken Function Level Authorization", "0xa5-broken-function-level-authorization"),
    "API6": (
        "Unrestricted Access to Sensitive Business Flows",
        "0xa6-unrestricted-access-to-sensitive-business-flows",
    ),
    "API7": ("Server Side Request Forgery", "0xa7-server-side-request-forgery"),
    "API8": ("Security Misconfiguration", "0xa8-security-misconfiguration"),
    "API9": ("Improper Inventory Management", "0xa9-improper-inventory-management"),
    "API10": ("Unsafe Consumption of APIs", "0xaa-unsafe-consumption-of-apis"),
}
GUIDE: Mapping[str, str] = {
    "1": "The Mental Model",
    "2": "Password Hashing",
    "3": "JWT Tokens",
    "4": "OAuth2PasswordBearer",
    "5": "Dependency-Based Auth",
    "6": "CORS",
    "7": "API Key Authentication",
    "8": "Security Headers",
    "9": "Common Patterns",
    "10": "Common Mistakes",
    "11": "Production Checklist",
    "12": "Complete Example",
}
"""The sections of the guide "FastAPI Authentication & Security"; `K2` is the second of its key principles."""


def weaknesses(rule: Rule) -> list[tuple[str, str, str]]:
    """Identifier, name and address of each weakness of a rule."""
    return [
        (f"CWE-{number}", CWE.get(number, ""), f"https://cwe.mitre.org/data/definitions/{number}.html")
        for number in rule.cwe
    ]


def risks(rule: Rule) -> list[tuple[str, str, str]]:
    """Identifier, name and address of each entry of the OWASP API Security Top 10 that a rule is about."""
    base = "https://owasp.org/API-Security/editions/2023/en"
    return [(f"{entry}:2023", OWASP[entry][0], f"{base}/{OWASP[entry][1]}/") for entry in rule.owasp]


def sections(rule: Rule) -> list[str]:
    """The sections of the guide that document the mistake: `section 9, Common Patterns`."""
    found = []
    for part in filter(None, (text.strip() for text in rule.guide.split(","))):
        if part in GUIDE:
            found.append(f"section {part}, {GUIDE[part]}")
        else:
            found.append(f"key principle {part[1:]}" if part.startswith("K") else part)
    return found
