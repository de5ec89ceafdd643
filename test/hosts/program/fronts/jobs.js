// The four fronts on rows of their own: learnt for some steps, kept, opened again, asked. What is told is the same in every host.
import { init, key } from 'saccade';
import { Forecaster, SequenceClassifier, TextClassifier, Transducer } from 'saccade/fronts';

const few = { key: key(1), onProgress: ({ step }) => step < 12 };
const hours = Array.from({ length: 160 }, (_, t) => t);
const orders = hours
  .slice(0, 40)
  .map((i) => ({ text: `${i % 2 ? 'start' : 'stop'} the ${['lamp', 'fan', 'oven'][i % 3]} now`, label: i % 2 ? 'on' : 'off' }));
const dates = hours.slice(0, 60).map((i) => [`${1 + (i % 28)}.${1 + (i % 12)}`, `${1 + (i % 12)}/${1 + (i % 28)}`]);
const column = hours.map((t) => 10 + ((t * 7) % 12) + (t % 5) / 4);
const waves = hours
  .slice(0, 20)
  .map((i) => ({ label: i % 2 ? 'up' : 'down', samples: hours.slice(0, 9).map((t) => [(i % 2 ? t : -t) + (i % 3), t % 2]) }));

const jobs = {
  orders: {
    front: TextClassifier,
    fit: () => TextClassifier.fit(orders, { ...few, width: 8 }),
    ask: (front) => front.predict('stop the fan').labels,
  },
  dates: { front: Transducer, fit: () => Transducer.fit(dates, { ...few, width: 12 }), ask: (front) => front.predict('3.4').nBest },
  hours: {
    front: Forecaster,
    fit: () => Forecaster.fit({ column }, { ...few, horizon: 4, width: 8 }),
    ask: (front) => front.predict().columns.column.median,
  },
  waves: {
    front: SequenceClassifier,
    fit: () => SequenceClassifier.fit(waves, { ...few, width: 8 }),
    ask: (front) => front.predict(waves[0].samples).labels,
  },
};

/** Learns all four, keeps them, and tells what they say. */
export async function fit(store, progress = () => {}) {
  await init();
  const told = {};
  for (const [name, job] of Object.entries(jobs)) {
    const front = await job.fit();
    await store.write(name, front.save());
    told[name] = job.ask(front);
    progress(name);
  }
  return told;
}

/** Opens what was kept, and tells what they say. */
export async function open(store) {
  await init();
  const told = {};
  for (const [name, job] of Object.entries(jobs)) told[name] = job.ask(await job.front.load(await store.read(name)));
  return told;
}
