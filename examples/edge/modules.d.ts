/** The type of data files that a Worker imports. */
declare module '*.safetensors' {
  const bytes: ArrayBuffer;
  export default bytes;
}
