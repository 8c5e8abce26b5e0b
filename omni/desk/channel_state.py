"""How each channel is: what waits to be pushed, what it shows wrongly, what it said last."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from omni.core.db import fetch_all
from omni.core.models import Channel

_WORDS: dict[str, Promise] = {"good": _("in order"), "warn": _("behind"), "bad": _("needs a look")}


@dataclass(frozen=True, slots=True)
class ChannelState:
    """A channel that is pushed to: how many changes wait and since when, were given up, differ, and its error."""

    name: str
    stage: str
    backlog: int
    waiting_minutes: int
    dead: int
    drift: int
    error: str
    backlog_link: str
    dead_link: str
    drift_link: str

    @property
    def tone(self) -> str:
        if self.dead or self.error or self.drift:
            return "bad"
        return "warn" if self.waiting_minutes >= 5 else "good"

    @property
    def words(self) -> Promise:
        return _WORDS[self.tone]


def channel_states(*, now: datetime) -> list[ChannelState]:
    """Every channel with an adapter, in one statement over the partial indexes of what waits and what is dead."""
    stages = dict(Channel.Stage.choices)
    return [
        ChannelState(
            name=name,
            stage=str(stages.get(stage, stage)),
            backlog=backlog,
            waiting_minutes=int((now - since).total_seconds() // 60) if since and since < now else 0,
            dead=dead,
            drift=drift,
            error=error if failures else "",
            backlog_link=_list("channels_delivery", channel__id__exact=key, state__exact="due"),
            dead_link=_list("channels_delivery", channel__id__exact=key, state__exact="dead"),
            drift_link=_list("channels_drift", channel__id__exact=key, healed_at__isnull="True"),
        )
        for key, name, stage, backlog, since, dead, drift, failures, error in fetch_all(_STATES)
    ]


def _list(model: str, **query: object) -> str:
    try:
        return f"{reverse(f'admin:{model}_changelist')}?{urlencode(query)}"
    except NoReverseMatch:
        return ""


_STATES = """
SELECT c.id, c.name, c.stage, coalesce(due.waiting, 0), due.since, coalesce(dead.number, 0), coalesce(drift.number, 0),
       coalesce(h.failures, 0), coalesce(h.last_error, '')
FROM core_channel c
LEFT JOIN channels_channelhealth h ON h.channel_id = c.id
LEFT JOIN (SELECT channel_id, count(*) AS waiting, min(waiting_since) AS since FROM channels_delivery
           WHERE state = 'due' GROUP BY 1) due ON due.channel_id = c.id
LEFT JOIN (SELECT channel_id, count(*) AS number FROM channels_delivery
           WHERE state = 'dead' GROUP BY 1) dead ON dead.channel_id = c.id
LEFT JOIN (SELECT channel_id, count(*) AS number FROM channels_drift
           WHERE healed_at IS NULL GROUP BY 1) drift ON drift.channel_id = c.id
WHERE c.adapter <> '' ORDER BY c.id
"""
