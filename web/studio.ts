import type { Subscription } from 'rxjs';
import type { StreamEvent, UnitStream } from '../src/client/index.ts';
import type { PipelineError } from '../src/errors.ts';
import type { StatedProvenance } from '../src/formats/unitFormatter.ts';
import type { WireModel } from '../src/protocol/index.ts';
import type { Rate, Unit } from '../src/types.ts';
import { SAMPLE_RATE } from '../src/units.ts';
import { decodeFile } from './audio/decodeFile.ts';
import { openMicrophone } from './audio/microphone.ts';
import type { Microphone } from './audio/microphone.ts';
import { PageError } from './pageError.ts';
import { createRecording } from './recording.ts';
import type { Recording } from './recording.ts';
import { expectNext, openSession, sendAll } from './session.ts';

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
  /** Units that are expected next; none while that is not known. */
  readonly onExpected: (ids: readonly number[]) => void;
  readonly onModel: (model: WireModel) => void;
  readonly onLag: (ms: number) => void;
  readonly onActivity: (activity: Activity) => void;
  /** Something is wrong; `goesOn` when the studio itself does what can be done about it. */
  readonly onProblem: (problem: unknown, goesOn: boolean) => void;
}

/** The page without its looks: microphone or file → recording and session → units. One thing at a time. */
export interface Studio {
  readonly recording: Recording;
  readonly activity: Activity;
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
  /** Shows what is expected next, or no more. */
  expect(wanted: boolean): void;
  /** Sends the recording again, or asks for the microphone again when there is none. */
  retry(): void;
  useToken(token: string): void;
}

/** Creates the studio; `rate` says where the dial stands when something begins. */
export function createStudio(rate: () => Rate, listener: StudioListener): Studio {
  let recording = createRecording();
  let activity: Activity = 'idle';
  let name = 'recording';
  let model: WireModel | undefined;
  let stream: UnitStream | undefined;
  let microphone: Microphone | undefined;
  let token: string | undefined;
  let expects = false;
  /** What is expected after every unit, while that is asked for. */
  let expecting: Subscription | undefined;
  let expected: number[] = [];
  /** What it was doing when the connection dropped. */
  let before: Activity = 'idle';
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
    expecting?.unsubscribe();
    const [oldStream, oldMicrophone] = [stream, microphone];
    stream = microphone = undefined;
    oldStream?.close();
    await oldMicrophone?.stop();
  }

  function onEvent(event: StreamEvent): void {
    switch (event.type) {
      case 'ready':
        model = event.model;
        listener.onModel(model);
        if (activity === 'reconnecting') become(before);
        return;
      case 'unit':
        recording.addUnit(event.unit);
        listener.onExpected([]);
        if (model !== undefined) listener.onUnit(event.unit, model);
        return;
      case 'provisional':
        recording.setProvisional(event.units);
        return listener.onProvisional();
      case 'predicted':
        if (event.unit.place === 0) expected = [];
        expected.push(event.unit.id);
        recording.setExpected(event.after, expected);
        return listener.onExpected(expected);
      case 'progress':
        return listener.onLag(event.lagMs);
      case 'reconnecting':
        if (activity !== 'reconnecting') before = activity;
        become('reconnecting');
        return listener.onProblem(droppedOrRefused(event.reason), true);
      case 'warning':
        return listener.onProblem(event.error, true);
      case 'done':
        stream = undefined;
        recording.setProvisional([]);
        return become('done');
      default:
    }
  }

  function connect(pace: 'live' | 'file'): UnitStream {
    const mine = turn;
    const opened = openSession({
      pace,
      rate: rate(),
      token,
      onEvent: (event) => mine === turn && onEvent(event),
      onError: (error) => mine === turn && fail(error),
    });
    stream = opened;
    return opened;
  }

  /** Asks for what is expected after every unit of a live stream, where the model knows it. */
  function follow(): void {
    expecting?.unsubscribe();
    if (!expects || stream === undefined || microphone === undefined) return;
    expecting = expectNext(stream, 'unit').subscribe({
      error: () => undefined, // the stream's own events say why
    });
  }

  function hear(samples: Float32Array): void {
    try {
      recording.hear(samples);
    } catch (problem) {
      void studio.stop();
      return listener.onProblem(problem, false);
    }
    stream?.write(samples).catch(() => undefined); // the stream's own events say why
    listener.onHeard();
  }

  /** Sends the recording as it is from its first sample on. */
  function resend(): void {
    recording.forgetUnits();
    listener.onUnitsForgotten();
    become('sending');
    const opened = connect('file');
    const samples = recording.slice(0, recording.samples);
    sendAll(opened, samples, () => expects && model?.lm === true).catch(() => undefined); // the same
  }

  const studio: Studio = {
    get recording() {
      return recording;
    },
    get activity() {
      return activity;
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
      connect('live');
      follow();
      become('recording');
    },
    async stop() {
      const [oldMicrophone, oldStream] = [microphone, stream];
      microphone = undefined;
      if (oldMicrophone === undefined) return;
      become('finishing');
      await oldMicrophone.stop();
      oldStream?.end().catch(() => undefined); // the same
    },
    async open(file, fileName) {
      await leave();
      become('reading');
      const mine = turn;
      try {
        const samples = await decodeFile(file);
        if (mine !== turn) return;
        recording = createRecording();
        name = fileName.replace(/\.[^.]*$/, '') || 'recording';
        listener.onRecording(recording, false, samples.length);
        for (let at = 0; at < samples.length; at += SAMPLE_RATE * 20) {
          recording.hear(samples.subarray(at, at + SAMPLE_RATE * 20));
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
      if (microphone !== undefined) return stream?.setRate(next);
      if (recording.samples === 0 || activity === 'reading' || activity === 'starting') return;
      void leave().then(resend);
    },
    expect(wanted) {
      expects = wanted;
      if (!wanted) {
        expecting?.unsubscribe();
        recording.setExpected(-1, []);
        listener.onExpected([]);
      } else if (microphone !== undefined) follow();
      else if (activity === 'done') void leave().then(resend);
    },
    retry() {
      if (recording.samples === 0) return void studio.record();
      void leave().then(resend);
    },
    useToken(next) {
      token = next;
      studio.retry();
    },
  };
  return studio;
}

/** A server that refused says why; of a connection that dropped only that is worth saying. */
function droppedOrRefused(reason: PipelineError): Error {
  if (reason.code !== 'SYLSTREAM_ERR_CONNECTION') return reason;
  return new PageError('reconnecting', { cause: reason });
}
