// The pages beside the API, in the order of the menu. `API` is where the modules stand.

/** @type {{ title: string, files: string[] }[]} */
export const guides = [
  {
    title: 'Begin',
    files: [
      'docs/start.md',
      'docs/jobs.md',
      'docs/models.md',
      'docs/attention.md',
      'docs/transformer.md',
      'docs/decoding.md',
      'docs/reading.md',
      'docs/machines.md',
      'docs/pretrained.md',
      'docs/hard-attention.md',
      'docs/looking.md',
      'docs/pytorch.md',
      'docs/tensorflow.md',
    ],
  },
  { title: 'API', files: [] },
  {
    title: 'In use',
    files: ['docs/production.md', 'docs/onnx.md', 'docs/threads.md', 'docs/same-bits.md', 'docs/numerics.md', 'docs/glossary.md'],
  },
  { title: 'What it does', files: ['docs/results.md', 'docs/gallery.md', 'docs/ladder.md', 'docs/performance.md', 'docs/engines.md'] },
  { title: 'How it is made', files: ['docs/architecture.md', 'docs/kernels.md', 'docs/testing.md', 'CONTRIBUTING.md', 'CHANGELOG.md'] },
];
