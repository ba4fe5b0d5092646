declare module '@sylstream/browser/capture?url' {
  const address: string;
  export default address;
}
declare module '@sylstream/browser/worker?worker' {
  const SpeechWorker: new () => Worker;
  export default SpeechWorker;
}
