import { labelIn } from '../../src/core/unitLabels.ts';
import { fetchLabels } from '../labels.ts';
import { openUnitStream } from '../session.ts';
import type { CuttingPlace } from '../studio.ts';
import { element } from '../view/element.ts';
import { createDeviceModels, hasBundle } from './deviceModels.ts';
import { openDeviceStream } from './deviceStream.ts';

/** Where the page cuts: by the server that it came from, or on this device, as the switch says. */
export interface Places {
  readonly now: CuttingPlace;
  /** Nothing may move while a microphone is open. */
  lock(locked: boolean): void;
}

/** What the places report to. */
export interface PlacesListener {
  /** The switch was turned: what is there is to be cut anew. */
  readonly onMove: () => void;
  readonly onProblem: (problem: unknown) => void;
}

const SERVER: CuttingPlace = { open: openUnitStream, labels: fetchLabels };

/**
 * Shows the switch where the site has a bundle to load. A site that is nothing but files (`data-site` of its document) has no
 * server: it cuts on the device, and loads the models at once, so that the next visit needs no network.
 */
export function createPlaces({ onMove, onProblem }: PlacesListener): Places {
  const button = element('device', HTMLButtonElement);
  const loading = element('device-loading', HTMLProgressElement);
  const isSite = document.documentElement.hasAttribute('data-site');
  const models = createDeviceModels((share) => {
    loading.hidden = share >= 1;
    loading.value = share;
  });
  const device: CuttingPlace = {
    open: (options) => openDeviceStream(models.load(), options),
    async labels() {
      const { labels } = await models.load();
      return labels && ((unit) => labelIn(labels, unit));
    },
  };
  let now = isSite ? device : SERVER;

  async function load(): Promise<void> {
    try {
      await models.load();
      document.body.dataset['device'] = 'ready';
    } catch (problem) {
      loading.hidden = true;
      onProblem(problem);
    }
  }

  if (isSite) {
    void navigator.serviceWorker?.register('serviceWorker.js');
    void load();
  } else void hasBundle().then((there) => (button.hidden = !there));
  button.addEventListener('click', () => {
    now = now === device ? SERVER : device;
    button.setAttribute('aria-pressed', String(now === device));
    if (now === device) void load();
    onMove();
  });
  return {
    get now() {
      return now;
    },
    lock(locked) {
      button.disabled = locked;
    },
  };
}
