// Vite gives these two, which a linter cannot see.
// oxlint-disable-next-line import/default
import capture from '@sylstream/browser/capture?url';
import { fromBlob, fromMicrophone, loadModels, speechUnits } from '@sylstream/browser';
import type { PcmChunk } from '@sylstream/browser';
// oxlint-disable-next-line import/default
import SpeechWorker from '@sylstream/browser/worker?worker';
import { from, type Observable, type Subscription, switchMap } from 'rxjs';

const loading = loadModels('model/', { worker: new SpeechWorker() });
const show = document.querySelector('#units')!;
let running: Subscription | undefined;

function cut(sound$: Observable<PcmChunk>): void {
  running?.unsubscribe();
  show.textContent = '';
  const events$ = from(loading).pipe(switchMap((models) => speechUnits(sound$, models)));
  running = events$.subscribe({
    next: (event) => event.type === 'unit' && show.append(`${event.unit.id} `),
    error: (error: Error) => (show.textContent = error.message),
  });
}

const file = document.querySelector<HTMLInputElement>('#file')!;
file.addEventListener('change', () => file.files?.[0] && cut(fromBlob(file.files[0])));
document
  .querySelector('#record')!
  .addEventListener('click', () => cut(fromMicrophone({ capture })));
