"""A run of the tiny encoder on drawn numbers; prints the loss of every step and saves. `python -m tests.stage.shares_run FILE ACCUMULATE`"""

import sys
from pathlib import Path

import torch

from config import load_config
from model.encoder import Encoder
from stage.checkpoint import save
from stage.encode import run_batch
from stage.loop import Loop, Optimizers
from stage.shares import Shares

STEPS = 6


def main() -> None:
    path, accumulate = Path(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(1)
    settings = load_config('tiny')
    torch.manual_seed(Shares.join(accumulate, 'cpu').rank)  # each begins elsewhere, until they start alike
    model, average = Encoder(settings.encoder), Encoder(settings.encoder)
    average.load_state_dict(model.state_dict())
    optimizers = Optimizers(model, 1e-2, muon=True)
    loop = Loop(0, STEPS, warmup=1, accumulate=accumulate, save_minutes=60)

    def losses_of(draw: int):
        noise = torch.Generator().manual_seed(draw)
        batch = {'mel': torch.randn(2, 64, 128, generator=noise), 'lengths': torch.tensor([32, 20])}
        out, mask = run_batch(model, batch, 8, 0, amp=False)
        loss = ((out['boundary'] - batch['mel'][:, ::2].mean(2)) ** 2 * mask).sum() / mask.sum()
        return loss, {'loss': loss}

    def checkpoint() -> None:
        save(path, {
            'encoder': settings.encoder.to_dict(), 'model': model.state_dict(), 'average': average.state_dict(),
            'optimizers': optimizers.state_dict(), 'step': loop.step, 'mel': [0.0, 1.0],
        })  # fmt: skip

    loop.run(model, average, optimizers, losses_of=losses_of, checkpoint=checkpoint)


if __name__ == '__main__':
    main()
