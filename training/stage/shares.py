"""Several processes that train one network: each does its shares of every step, and all take the same step with the mean of the gradients.

    torchrun --nproc-per-node 2 -m recipes.labelled.timed --config base --run runs/base

What torch's DistributedDataParallel does, but around a whole step and not around `forward`: the stages call parts of a network by themselves,
where its hooks would see nothing. Share k of step s draws as step s·n + k of a single process would, n being all shares of a step, so
that one process with `--accumulate 2` goes the way of two with one each. NCCL on GPUs, else gloo.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn


def own_device() -> str:
    """Where this process computes, if nobody says otherwise: under torchrun each has a GPU of its own."""
    if not torch.cuda.is_available():
        return 'cpu'
    return f'cuda:{os.environ["LOCAL_RANK"]}' if 'LOCAL_RANK' in os.environ else 'cuda'


@dataclass(frozen=True)
class Shares:
    """This process's part of every step."""

    processes: int = 1
    rank: int = 0
    each: int = 1  # shares of a process

    @classmethod
    def join(cls, each: int, device: str) -> Shares:
        """Waits for the other processes that torchrun started, if it did."""
        processes = int(os.environ.get('WORLD_SIZE', '1'))
        if processes > 1 and not dist.is_initialized():
            if device.startswith('cuda'):
                torch.cuda.set_device(device)
            dist.init_process_group('nccl' if device.startswith('cuda') else 'gloo')
        return cls(processes, int(os.environ.get('RANK', '0')), each)

    @property
    def count(self) -> int:
        """n: shares of a step, of all processes."""
        return self.processes * self.each

    @property
    def is_first(self) -> bool:
        """One process tells, measures and saves."""
        return self.rank == 0

    def draws(self, step: int) -> range:
        """What this process draws for a step."""
        first = step * self.count + self.rank * self.each
        return range(first, first + self.each)

    @torch.no_grad()
    def start_alike(self, *networks: nn.Module) -> None:
        """Gives every process the first one's weights."""
        if self.processes > 1:
            for network in networks:
                for value in network.state_dict().values():
                    dist.broadcast(value, 0)

    @torch.no_grad()
    def gather(self, model: nn.Module, losses: Tensor, stops: bool) -> tuple[Tensor, bool]:
        """Sums gradients and losses (N,) over all processes; whether any of them stops."""
        if self.processes == 1:
            return losses, stops
        parameters = [p for p in model.parameters() if p.requires_grad]
        grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        told = [float(stops), *(float(p.grad is not None) for p in parameters)]
        parts = [*(g.flatten().float() for g in grads), losses.float(), torch.tensor(told, device=losses.device)]
        flat = torch.cat(parts)
        dist.all_reduce(flat)
        *sums, losses, told = flat.split([part.numel() for part in parts])
        stop, *used = told.tolist()
        for p, total, count in zip(parameters, sums, used, strict=True):
            # Who had no part in any loss of any process has no gradient, as with one process.
            p.grad = total.view_as(p).to(p.dtype) if count else None
        return losses, stop > 0
