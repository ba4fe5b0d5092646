import { fft } from '../src/mel/pffft.ts';
import { speex } from '../src/audio/speex.ts';
import type { Unit } from '../src/core/types.ts';
import type { LabelOf } from '../src/formats/unitFormatter.ts';
import { SAMPLE_RATE, toSeconds } from '../src/core/time.ts';
import { download } from './downloads.ts';
import type { DownloadKind } from './downloads.ts';
import { CONTINUATION_SECONDS } from './continuation.ts';
import { explain } from './explain.ts';
import { createPlayer } from './player.ts';
import { createSayer } from './sayer.ts';
import { createPlaces } from './device/places.ts';
import { openVoiceStream } from './session.ts';
import { createStudio } from './studio.ts';
import type { Activity } from './studio.ts';
import { createDial } from './view/dial.ts';
import { acceptDrops } from './view/drop.ts';
import { element } from './view/element.ts';
import { createInspector } from './view/inspector.ts';
import { createLagPanel } from './view/lagPanel.ts';
import { createNotice } from './view/notice.ts';
import { createOverview } from './view/overview.ts';
import { createRateTable } from './view/rateTable.ts';
import { createStatusLine } from './view/statusLine.ts';
import { createTheme } from './view/theme.ts';
import { createTimelineView } from './view/timeline.ts';
import { createUnitsPanel } from './view/unitsPanel.ts';
import { createVoiceMenu } from './view/voiceMenu.ts';

// Nothing of the page runs before its WebAssembly is there.
await Promise.all([fft.load(), speex.load()]);

const SAVES: readonly DownloadKind[] = ['textgrid', 'jsonl', 'wav'];

const button = (id: string): HTMLButtonElement => element(id, HTMLButtonElement);
const dial = createDial((rate) => studio.turn(rate));
const rates = createRateTable();
const lag = createLagPanel();
const units = createUnitsPanel();
const notice = createNotice({
  retry: () => studio.retry(),
  useToken: (token) => studio.useToken(token),
});
const status = createStatusLine(() => studio);
let playing: number | undefined;
let labelOf: LabelOf | undefined;
const player = createPlayer(follow);
const voices = createVoiceMenu();
/** Sample of the recording at which what is spoken begins. */
let saidFrom = 0;
const sayer = createSayer({
  open: (onError) => openVoiceStream(studio.token, onError),
  how: () => {
    const { hash } = studio.provenance ?? {};
    return {
      ...(voices.chosen !== undefined && { voice: voices.chosen }),
      ...(hash !== undefined && { model: hash }),
    };
  },
  onHead: (samples) => follow(samples === undefined ? undefined : saidFrom + samples),
  onProblem: (problem) => notice.show(explain(problem)),
});
const places = createPlaces({
  onMove: () => studio.move(),
  onProblem: (problem) => notice.show(explain(problem)),
});
const studio = createStudio(
  () => dial.rate,
  () => places.now,
  {
    onRecording(recording, live, length) {
      hush();
      notice.hide();
      clear();
      lag.clear(live);
      element('empty', HTMLElement).hidden = true;
      timeline.show(recording, live);
      if (!live) timeline.fit(length);
    },
    onUnitsForgotten() {
      clear();
      if (!studio.listening) lag.clear(false);
    },
    onHeard() {
      timeline.touch();
      status.show();
    },
    onUnit(unit, model) {
      if (studio.activity === 'recording')
        lag.addDelay(toSeconds(studio.recording.samples - unit.end) * 1000);
      rates.push(unit);
      units.push(unit, model.units);
      timeline.touch();
      showProgress();
    },
    onProvisional: () => timeline.touch(),
    onPredicted(ids) {
      units.predict(ids);
      button('say-next').hidden = voices.names.length === 0 || ids.length === 0;
      timeline.touch();
    },
    onModel(model) {
      notice.hide();
      const label = element('model', HTMLElement);
      label.textContent = `${model.id} · ${model.units} units · ${model.sha256.slice(0, 8)}`;
      label.hidden = false;
      button('predict').hidden = model.lm !== true;
      voices.show(model.voices ?? []);
    },
    onLabels(found) {
      labelOf = found;
      timeline.setLabels(found);
      units.setLabels(found);
    },
    onLag: (ms) => lag.addLag(ms),
    onActivity: showStatus,
    onProblem(problem, goesOn) {
      const { action, ...words } = explain(problem);
      notice.show(goesOn || action === undefined ? words : { ...words, action });
    },
  },
);
const timeline = createTimelineView(element('timeline', HTMLCanvasElement), studio.recording, () =>
  overview.draw(),
);
const overview = createOverview(element('overview', HTMLCanvasElement), {
  recording: () => studio.recording,
  view: () => timeline.view,
  playing: () => playing,
  onSeek: (sample) => timeline.centre(sample),
});
const inspector = createInspector({
  timeline,
  units: () => studio.recording.shown,
  labelOf: () => labelOf,
  play: (unit: Unit) => play([unit], unit.start, unit.end),
});
createTheme((dark) => timeline.setDark(dark));
acceptDrops((file) => void studio.open(file, file.name));

/** Shows how far what is played is. */
function follow(sample: number | undefined): void {
  playing = sample;
  timeline.setPlaying(sample);
  button('play').textContent = sample === undefined ? 'Play' : 'Stop';
}

function hush(): void {
  player.stop();
  sayer.stop();
}

/** Plays a part of the recording, or its units in the voice that is chosen. */
function play(said: readonly Unit[], from: number, to: number): void {
  hush();
  if (voices.chosen === undefined) return player.play(studio.recording, from, to);
  saidFrom = from;
  sayer.say(said.map(({ id, fine, start, end }) => ({ id, fine, start, end })));
}

function clear(): void {
  rates.clear();
  units.clear();
  inspector.clear();
}

/** Shows how far a file is, and how fast it goes. */
function showProgress(): void {
  const { progress, recording } = studio;
  if (progress?.speed === undefined) return;
  status.show();
  const seconds = toSeconds(recording.samples) * progress.share;
  lag.setSpeed(progress.speed, seconds / progress.speed);
}

function showStatus(activity: Activity): void {
  status.show();
  document.body.dataset['activity'] = activity;
  const { listening, recording, provenance } = studio;
  places.lock(listening || activity === 'starting' || activity === 'finishing');
  const record = button('record');
  record.dataset['recording'] = String(listening);
  record.disabled = activity === 'starting' || activity === 'finishing';
  element('record-label', HTMLElement).textContent = listening ? 'Stop' : 'Record';
  const there = activity === 'done' || activity === 'stopped' || activity === 'reconnecting';
  // What is there can be had, whatever becomes of the connection.
  const kept = there && recording.samples > 0;
  button('play').disabled = !kept || listening;
  for (const kind of SAVES) {
    const meaningful = kind === 'wav' || provenance !== undefined;
    button(`save-${kind}`).disabled = !kept || !meaningful;
  }
  if (!listening) timeline.settle();
}

button('record').addEventListener('click', () => {
  if (studio.listening) void studio.stop();
  else void studio.record();
});
button('predict').addEventListener('click', () => {
  const wanted = button('predict').getAttribute('aria-pressed') !== 'true';
  button('predict').setAttribute('aria-pressed', String(wanted));
  timeline.setAhead(wanted ? CONTINUATION_SECONDS * SAMPLE_RATE : 0);
  studio.predict(wanted);
});
button('play').addEventListener('click', () => {
  const { recording } = studio;
  if (player.playing || sayer.saying) hush();
  else play(recording.units, 0, recording.samples);
});
button('say-next').addEventListener('click', () => {
  hush();
  const { predicted } = studio.recording;
  saidFrom = predicted[0]?.start ?? 0;
  sayer.say(predicted.map(({ id }) => ({ id })));
});
const picker = element('file', HTMLInputElement);
button('open').addEventListener('click', () => picker.click());
picker.addEventListener('change', () => {
  const file = picker.files?.[0];
  picker.value = '';
  if (file !== undefined) void studio.open(file, file.name);
});
button('sample').addEventListener('click', () => {
  void fetch('sample.wav')
    .then((response) => response.blob())
    .then((file) => studio.open(file, 'sample.wav'))
    .catch((problem: unknown) => notice.show(explain(problem)));
});
for (const kind of SAVES) {
  button(`save-${kind}`).addEventListener('click', () => {
    const { name, recording, provenance } = studio;
    download(kind, { name, recording, provenance, labelOf });
  });
}

// The page is seen before its modules have run: until here a click would have been lost.
for (const id of ['record', 'open', 'sample']) button(id).disabled = false;
picker.disabled = false;
document.body.dataset['ready'] = 'yes';
