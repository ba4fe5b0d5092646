import { toSeconds } from '../../src/core/time.ts';
import type { Activity, Studio } from '../studio.ts';
import { clock } from './clock.ts';
import { element } from './element.ts';

const STATUS: Readonly<Record<Activity, string>> = {
  idle: 'Ready',
  starting: 'Asking for the microphone …',
  recording: 'Listening',
  reading: 'Reading the file …',
  sending: 'Cutting into units …',
  finishing: 'Deciding the last units …',
  reconnecting: 'Connecting again …',
  stopped: 'Stopped',
  done: 'Done',
};

/** Says what the page is doing and how far it is. */
export interface StatusLine {
  show(): void;
}

/**
 * Creates the line. What is done is announced to assistive technology when it changes; the seconds and shares beside it,
 * which change all the time, are only to be read.
 */
export function createStatusLine(studio: () => Studio): StatusLine {
  const doing = element('doing', HTMLElement);
  const figures = element('figures', HTMLElement);
  const bar = element('progress', HTMLProgressElement);

  function figuresOf({ activity, listening, recording, progress }: Studio): string {
    const seconds = `${toSeconds(recording.samples).toFixed(1)} s`;
    if (activity === 'recording' || activity === 'done' || listening) return seconds;
    if (progress === undefined || progress.share === 0) return '';
    const share = `${Math.floor(progress.share * 100)} %`;
    if (activity !== 'sending' || progress.speed === undefined) return share;
    const left = (toSeconds(recording.samples) * (1 - progress.share)) / progress.speed;
    return left >= 2 ? `${share} · ${clock(left)} to go` : share;
  }

  return {
    show() {
      const now = studio();
      const words =
        now.activity === 'reconnecting' && now.listening
          ? 'Still recording, not connected'
          : STATUS[now.activity];
      if (doing.textContent !== words) doing.textContent = words;
      const text = figuresOf(now);
      figures.textContent = text === '' ? '' : ` · ${text}`;
      const { progress } = now;
      bar.hidden = progress === undefined;
      if (progress === undefined) return;
      if (progress.share > 0) bar.value = progress.share;
      else bar.removeAttribute('value');
    },
  };
}
