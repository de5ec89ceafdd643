/** What Workers import of a data file. */
declare module '*.safetensors' {
  const bytes: ArrayBuffer;
  export default bytes;
}
