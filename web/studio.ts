import type { LabelOf, StatedProvenance } from '../src/formats/unitFormatter.ts';
import type { WireModel } from '../src/protocol/index.ts';
import type { Rate, Unit } from '../src/core/types.ts';
import { SAMPLE_RATE, toSeconds } from '../src/core/time.ts';
import { createCutting } from './cutting.ts';
import type { Cutting } from './cutting.ts';
import { decodeFile } from './audio/decodeFile.ts';
import { openMicrophone } from './audio/microphone.ts';
import type { Microphone } from './audio/microphone.ts';
import { PageError } from './pageError.ts';
import type { PageStream } from './pageStream.ts';
import type { SessionOptions } from './session.ts';
import { createRecording, MAX_SECONDS } from './recording.ts';
import type { Recording } from './recording.ts';

/** What the page is doing. */
export type Activity =
  | 'idle'
  | 'starting'
  | 'recording'
  | 'reading'
  | 'sending'
  | 'finishing'
  | 'reconnecting'
  | 'stopped'
  | 'done';

/** What the studio tells the page. */
export interface StudioListener {
  /** Another recording began; a file is `length` samples long, a `live` one grows. */
  readonly onRecording: (recording: Recording, live: boolean, length: number) => void;
  /** The same recording is cut anew. */
  readonly onUnitsForgotten: () => void;
  readonly onHeard: () => void;
  readonly onUnit: (unit: Unit, model: WireModel) => void;
  readonly onProvisional: () => void;
  /** Units that are predicted next; none while that is not known. */
  readonly onPredicted: (ids: readonly number[]) => void;
  readonly onModel: (model: WireModel) => void;
  /** What units stand for is known now, or no more. */
  readonly onLabels: (labelOf: LabelOf | undefined) => void;
  readonly onLag: (ms: number) => void;
  readonly onActivity: (activity: Activity) => void;
  /** Something is wrong; `goesOn` when the studio itself does what can be done about it. */
  readonly onProblem: (problem: unknown, goesOn: boolean) => void;
}

/** How far a file is. */
export interface Progress {
  /** 0 to 1. */
  readonly share: number;
  /** How many times faster than it was spoken it is cut; undefined before that can be told. */
  readonly speed: number | undefined;
}

/** The page without its looks: microphone or file → recording and session → units. One thing at a time. */
export interface Studio {
  readonly recording: Recording;
  readonly activity: Activity;
  /** Whether the microphone is open. */
  readonly listening: boolean;
  /** How far reading or cutting a whole recording is; undefined while there is none. */
  readonly progress: Progress | undefined;
  /** Name for files, without ending. */
  readonly name: string;
  /** What the units mean; undefined before the server has said so. */
  readonly provenance: StatedProvenance | undefined;
  record(): Promise<void>;
  /** Stops the microphone and waits for the last units. */
  stop(): Promise<void>;
  open(file: Blob, name: string): Promise<void>;
  /** Turns the dial: from now on while recording, for the whole recording afterwards. */
  turn(rate: Rate): void;
  /** Shows what comes next, or no more. */
  predict(wanted: boolean): void;
  /** Sends the recording again, or asks for the microphone again when there is none. */
  retry(): void;
  useToken(token: string): void;
  /** Cuts what is there anew, because the place is another one. */
  move(): void;
  /** What a person entered, where the server wants it. */
  readonly token: string | undefined;
}

/** Samples drawn of a file before the page may do something else. */
const READ_SAMPLES = 20 * SAMPLE_RATE;
/** How far units may lag behind the microphone before the rest is something to catch up with: no figure of the server's. */
const BEHIND_SAMPLES = 3 * SAMPLE_RATE;

/** Where recordings are cut: by a server, or on this device. */
export interface CuttingPlace {
  open(options: SessionOptions): PageStream;
  /** What the units of a bundle stand for; undefined where that is not known. */
  labels(bundle: string, token: string | undefined): Promise<LabelOf | undefined>;
}

/** Creates the studio; `rate` says where the dial stands when something begins, `place` where it is cut. */
export function createStudio(
  rate: () => Rate,
  place: () => CuttingPlace,
  listener: StudioListener,
): Studio {
  let recording = createRecording();
  let activity: Activity = 'idle';
  let name = 'recording';
  let model: WireModel | undefined;
  let cutting: Cutting | undefined;
  let microphone: Microphone | undefined;
  let token: string | undefined;
  let continues = false;
  /** What it was doing when the connection dropped. */
  let before: Activity = 'idle';
  /** Samples that the file has, and when the server got the first of them. */
  let total = 0;
  let sentAt = 0;
  /** Whether the units come from more than one session. */
  let pieced = false;
  /** Counts what was begun, so that whoever comes late can tell that it is no longer meant. */
  let turn = 0;

  function become(next: Activity): void {
    activity = next;
    listener.onActivity(next);
  }

  function fail(problem: unknown): void {
    void leave();
    become(recording.samples > 0 ? 'stopped' : 'idle');
    listener.onProblem(problem, false);
  }

  /** Ends whatever is going on. */
  async function leave(): Promise<void> {
    turn++;
    const [oldCutting, oldMicrophone] = [cutting, microphone];
    cutting = microphone = undefined;
    oldCutting?.close();
    await oldMicrophone?.stop();
  }

  function interrupt(): void {
    if (activity !== 'reconnecting') before = activity;
    become('reconnecting');
  }

  /** Whether the units are so far behind the microphone that the sound of a gap is still being sent. */
  function catchesUp(): boolean {
    const head = recording.provisional.at(-1)?.end ?? recording.units.at(-1)?.end ?? 0;
    return recording.samples - head > BEHIND_SAMPLES;
  }

  /** Labels of another bundle are wrong words, so they go at once. */
  function nameUnits(bundle: string): void {
    listener.onLabels(undefined);
    void place()
      .labels(bundle, token)
      .then((found) => {
        if (found !== undefined && model?.sha256 === bundle) listener.onLabels(found);
      });
  }

  function cut(pace: 'live' | 'file'): void {
    pieced = false;
    sentAt = performance.now();
    cutting = createCutting({
      open: (options) => place().open(options),
      recording,
      pace,
      rate,
      token: () => token,
      continues: () => continues,
      listener: {
        onReady(next, seam) {
          if (model?.sha256 !== next.sha256) nameUnits(next.sha256);
          model = next;
          pieced ||= seam;
          listener.onModel(model);
          if (activity === 'reconnecting') become(before);
          if (seam) listener.onProblem(new PageError('went-on'), true);
        },
        onUnit: (unit, of) => listener.onUnit(unit, of),
        onProvisional: () => listener.onProvisional(),
        onPredicted: (ids) => listener.onPredicted(ids),
        onUnitsForgotten() {
          sentAt = performance.now();
          listener.onUnitsForgotten();
        },
        // A file waits for its turn by design, and so does the sound of a gap: that is pace, not lag.
        onLag: (ms) => pace === 'live' && !catchesUp() && listener.onLag(ms),
        onInterrupted(reason) {
          interrupt();
          listener.onProblem(reason, true);
        },
        onWarning: (error) => listener.onProblem(error, true),
        onFailed(problem) {
          if (microphone === undefined) return fail(problem);
          // Whoever speaks is never cut short: the sound is kept, and sent as soon as that is possible.
          interrupt();
          listener.onProblem(problem, false);
        },
        onDone() {
          cutting = undefined;
          become('done');
          if (pieced) listener.onProblem(new PageError('pieced-together'), false);
        },
      },
    });
  }

  function hear(samples: Float32Array): void {
    try {
      recording.hear(samples);
    } catch (problem) {
      void studio.stop();
      return listener.onProblem(problem, false);
    }
    cutting?.wake();
    listener.onHeard();
  }

  /** Sends the recording as it is from its first sample on. */
  function resend(): void {
    recording.forgetUnits();
    listener.onUnitsForgotten();
    total = recording.samples;
    become('sending');
    cut('file');
  }

  const studio: Studio = {
    get recording() {
      return recording;
    },
    get activity() {
      return activity;
    },
    get listening() {
      return microphone !== undefined;
    },
    get progress() {
      const doing = activity === 'reconnecting' ? before : activity;
      if (doing === 'reading')
        return { share: total > 0 ? recording.samples / total : 0, speed: undefined };
      if (doing !== 'sending') return undefined;
      const end = recording.units.at(-1)?.end ?? 0;
      const seconds = (performance.now() - sentAt) / 1000;
      return { share: end / total, speed: end > 0 ? toSeconds(end) / seconds : undefined };
    },
    get name() {
      return name;
    },
    get provenance() {
      if (model === undefined) return undefined;
      const { id: bundle, sha256: hash, lambda } = model;
      return { bundle, hash, rate: rate(), lambda };
    },
    async record() {
      await leave();
      become('starting');
      const mine = turn;
      let opened: Microphone;
      try {
        opened = await openMicrophone({
          onAudio: (samples) => mine === turn && hear(samples),
          onLost: () => {
            void studio.stop();
            listener.onProblem(new PageError('microphone-lost'), false);
          },
        });
      } catch (problem) {
        return mine === turn ? fail(problem) : undefined;
      }
      if (mine !== turn) return opened.stop();
      microphone = opened;
      recording = createRecording();
      name = `recording-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}`;
      listener.onRecording(recording, true, 0);
      cut('live');
      become('recording');
    },
    async stop() {
      const [oldMicrophone, oldCutting] = [microphone, cutting];
      microphone = undefined;
      if (oldMicrophone === undefined) return;
      const connected = activity !== 'reconnecting';
      before = 'finishing';
      become(connected ? 'finishing' : 'reconnecting');
      await oldMicrophone.stop();
      oldCutting?.end();
      if (oldCutting === cutting && oldCutting?.trying === false) become('stopped');
    },
    async open(file, fileName) {
      await leave();
      total = 0;
      become('reading');
      const mine = turn;
      try {
        const samples = await decodeFile(file);
        if (mine !== turn) return;
        if (samples.length > MAX_SECONDS * SAMPLE_RATE) throw new PageError('too-long');
        recording = createRecording();
        total = samples.length;
        name = fileName.replace(/\.[^.]*$/, '') || 'recording';
        listener.onRecording(recording, false, samples.length);
        for (let at = 0; at < samples.length; at += READ_SAMPLES) {
          recording.hear(samples.subarray(at, at + READ_SAMPLES));
          listener.onHeard();
          // Lets the page draw what is there.
          await new Promise((resolve) => setTimeout(resolve, 0));
          if (mine !== turn) return;
        }
      } catch (problem) {
        return mine === turn ? fail(problem) : undefined;
      }
      resend();
    },
    turn(next) {
      if (microphone !== undefined) return cutting?.setRate(next);
      if (recording.samples === 0 || activity === 'reading' || activity === 'starting') return;
      void leave().then(resend);
    },
    move() {
      if (microphone !== undefined || recording.samples === 0 || activity === 'reading') return;
      void leave().then(resend);
    },
    predict(wanted) {
      continues = wanted;
      cutting?.follow();
      if (!wanted) {
        recording.setPredicted(-1, []);
        listener.onPredicted([]);
      } else if (activity === 'done') void leave().then(resend);
    },
    retry() {
      if (microphone !== undefined) return cutting?.retry();
      if (recording.samples === 0) return void studio.record();
      void leave().then(resend);
    },
    get token() {
      return token;
    },
    useToken(next) {
      token = next;
      studio.retry();
    },
  };
  return studio;
}
