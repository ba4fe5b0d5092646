"""The loop around a stage's step, the same for every stage: descend, keep a running mean of the weights, log with the time left, measure,
save every few minutes and at the end, stop politely.

Everything random in a stage is drawn from (seed, step), so a run that was stopped and resumed goes on as if it had not been.
Under torchrun every process does its shares of a step (stage/shares.py).
"""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from stage.muon import Muon
from stage.shares import Shares

LOG_EVERY = 50  # steps


class Optimizers:
    """Muon for the matrices inside the blocks, AdamW for everything else; or AdamW alone."""

    def __init__(self, model: nn.Module, lr: float, muon: bool):
        inner = [p for n, p in model.named_parameters() if 'blocks.' in n and p.ndim == 2 and muon]
        ids = {id(p) for p in inner}
        rest = [p for p in model.parameters() if id(p) not in ids]
        self.all: list[torch.optim.Optimizer] = [torch.optim.AdamW(rest, lr=lr, betas=(0.9, 0.98), weight_decay=0.01)]
        if muon:
            self.all.append(Muon(inner, lr))
        self.lr = lr

    def step(self, scale: float) -> None:
        for optimizer in self.all:
            for group in optimizer.param_groups:
                group['lr'] = self.lr * scale
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)

    def state_dict(self) -> list[dict]:
        return [o.state_dict() for o in self.all]

    def load_state_dict(self, states: list[dict]) -> None:
        for optimizer, state in zip(self.all, states, strict=True):
            optimizer.load_state_dict(state)


def schedule(step: int, steps: int, warmup: int, decay: int) -> float:
    """Warm-up, stable, then linear decay to 0 over the last `decay` steps (WSD): a stable checkpoint can be decayed out at any time."""
    return min(1.0, (step + 1) / warmup, max(0.0, (steps - step) / decay) if decay else 1.0)


@dataclass
class Loop:
    """How long a run goes on and what it does besides stepping; `step` counts the steps done."""

    step: int
    steps: int
    warmup: int = 100
    decay: int = 0
    memory: float = 0.998  # of the running mean; shorter at first, while 1 / (1 + warm * step) is larger
    warm: float = 0.2
    save_minutes: float = 2.5
    dev_every: int = 250
    stop_at: int | None = None  # a step to stop after, to go on later
    accumulate: int = 1  # draws of a step and process, their gradients averaged

    def run(
        self,
        model: nn.Module,
        average: nn.Module,
        optimizers: Optimizers,
        *,
        losses_of: Callable[[int], tuple[Tensor, dict[str, Tensor]]],
        checkpoint: Callable[[], None],
        watch: Callable[[], str] | None = None,
    ) -> None:
        """Steps until `steps`, `stop_at` or SIGTERM, and saves.

        losses_of(draw): the loss to descend, and what to log by name; the draw is the step, where a step has one.
        watch: what a measurement of `average` says.
        Raises FloatingPointError for a loss that is not finite; the last checkpoint is left as it is.
        """
        end = min(self.steps, self.stop_at or self.steps)
        stopping: list[bool] = []
        before = signal.signal(signal.SIGTERM, lambda *_: stopping.append(True))  # a polite stop keeps the last minutes
        shares = Shares.join(self.accumulate, str(next(model.parameters()).device))
        shares.start_alike(model, average)
        sums: dict[str, float] = {}
        first = logged = self.step
        started = saved = time.time()
        stop = False
        while self.step < end and not stop:
            values = 0.0
            for draw in shares.draws(self.step):
                loss, losses = losses_of(draw)
                if not math.isfinite(loss.item()):
                    raise FloatingPointError(f'step {self.step}: expected a finite loss, got {loss.item()}; the last checkpoint is whole')
                (loss / shares.count).backward()
                values = values + torch.stack([value.detach().float() for value in losses.values()]) / shares.count
            values, stop = shares.gather(model, values, bool(stopping))
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizers.step(schedule(self.step, self.steps, self.warmup, self.decay))
            self.step += 1
            self.follow(average, model)
            for name, value in zip(losses, values.tolist(), strict=True):
                sums[name] = sums.get(name, 0.0) + value
            if not shares.is_first:
                continue
            if self.step - logged >= LOG_EVERY or self.step == self.steps:
                pace = (time.time() - started) / (self.step - first)
                text = ' '.join(f'{n} {v / (self.step - logged):.4f}' for n, v in sums.items())
                left = (self.steps - self.step) * pace / 60
                print(f'step {self.step} of {self.steps}: {text} | {pace:.2f} s a step, {left:.0f} min left', flush=True)
                sums, logged = {}, self.step
            if watch and (self.step % self.dev_every == 0 or self.step == self.steps):
                print(f'dev at {self.step}: {watch()}', flush=True)
            if time.time() - saved > 60 * self.save_minutes:
                checkpoint()
                saved = time.time()
        signal.signal(signal.SIGTERM, before)
        if not shares.is_first:
            return
        checkpoint()
        if self.step < self.steps:
            print(f'stopped at step {self.step}; --resume goes on from here', flush=True)

    @torch.no_grad()
    def follow(self, average: nn.Module, model: nn.Module) -> None:
        """Moves the running mean of the weights towards the weights."""
        keep = min(self.memory, 1 - 1 / (1 + self.warm * self.step))
        for a, p in zip(average.parameters(), model.parameters(), strict=True):
            a.lerp_(p, 1 - keep)
