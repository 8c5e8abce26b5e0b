"""The story of one order across every channel, walked through the really running shop; `demo --check` tells it."""

import sys
import time
from typing import TextIO

from omni.embedded.shop import Shop
from omni.embedded.story.client import StoryError
from omni.embedded.story.steps import STEPS
from omni.embedded.story.world import World


def run(shop: Shop, out: TextIO | None = None) -> bool:
    """Walk all steps in order, print what each verified, and stop at the first that fails; True if none did."""
    out = out or sys.stdout
    world = World(shop)
    began = time.monotonic()
    for number, step in enumerate(STEPS, start=1):
        title = (step.__doc__ or "").strip()
        since = time.monotonic()
        try:
            verified = step(world)
        except StoryError as error:
            print(f"{number:2}. FAILED  {title}\n            {error}", file=out, flush=True)
            return False
        except Exception:
            print(f"{number:2}. FAILED  {title}", file=out, flush=True)
            raise
        print(f"{number:2}. ok  {title} ({time.monotonic() - since:.1f} s)", file=out, flush=True)
        for line in verified:
            print(f"        - {line}", file=out, flush=True)
    print(f"The whole story holds: {len(STEPS)} steps in {time.monotonic() - began:.0f} s.", file=out, flush=True)
    return True
