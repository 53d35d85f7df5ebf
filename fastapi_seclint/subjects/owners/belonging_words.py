"""Words of paths that say whose a thing is: one user's own, a team's, everybody's."""

from __future__ import annotations

import re

_OWN = (
    r"order|invoice|note|document|todo|to_do|task|message|payment|transaction|address|card|cart|booking|reservation"
    r"|subscription|conversation|draft|wallet|journal|diary|bookmark|upload|account|bank_account|prescription"
    r"|medical_record|appointment|photo|receipt|secret|credential|api_key|chat|loan|expense|reminder|memo"
)
_OF_TEAMS = (
    r"file|report|record|ticket|album|statement|session|budget|goal|contact|project|notification|claim|application"
)
PERSONAL = re.compile(rf"^({_OWN})$")
"""What one user has for himself in nearly every application; teams share files, projects, reports and tickets."""
PRIVATE = re.compile(rf"^({_OWN}|{_OF_TEAMS})$")
"""What usually is one user's or a team's."""
AUTHORED = re.compile(r"^(post|comment|article|review|story|blog|playlist|listing|recipe)$")
"""What everybody may read and only who wrote it may change."""
MACHINES = re.compile(r"(^|_)(clients?|keys?|services?|partners?|apps?|devices?|tenants?|org\w*|bots?|machines?)(_|$)")
"""Callers that are no people, and for whom a key stands."""
PEOPLE = re.compile(r"^(user|account|profile|customer|member|patient|employee)$")
"""What stands for somebody himself."""
TOGETHER = re.compile(
    r"^(like|unlike|follow|unfollow|vote|upvote|downvote|rate|rating|comments?|reply|replies|join|leave|apply|report|block"
    r"|share|favou?rite|bookmark|reactions?|subscribe|unsubscribe|reviews?|buy|purchase|view|read|rsvp|register|invite"
    r"|accept|decline|public|ping|messages?|presence|online|follow(ers|ing))$",
    re.I,
)
"""What people do to one another's things on purpose."""
SHOWN = re.compile(r"^(active|online|avatar|logo|icon|thumbnail|badge|profile[-_]?(picture|image|photo))$", re.I)
"""What others are to see of somebody."""
ACTS = re.compile(
    r"^(cancel|close|reopen|publish|unpublish|archive|restore|refund|transfer|complete|delete|remove|update|edit|rename|move"
    r"|pay|ship|activate|deactivate|block|unblock|freeze|unfreeze|reissue|replace|lock|unlock|reset|revoke|finish"
    r"|withdraw|extend|renew|rotate|regenerate|confirm|void|upload|download|export|assign|stop|pause|resume|index|reindex"
    r"|process|reprocess|rebuild|sync|train|retrain|run|rerun|retry|execute|deploy|return"
    r"|((set|make|mark)[-_](as[-_])?)?(default|primary))$",
    re.I,
)
"""What is done to one thing, at the end of its path."""
TOWARDS = re.compile(r"^(transfer|send|pay|give|gift|donate|tip)$", re.I)
"""What is done for another one on purpose, where a path names him behind it: `/transfer/{user_id}`."""
