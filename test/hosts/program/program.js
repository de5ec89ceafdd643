// What every host must do alike: load the kernels, read a saved model, train a step, save, and say what came out.
import { Adam, AttentionSeq2Seq, backward, crossEntropy, init, key, loadTensors, parameters, saveTensors, scope, tensor } from 'saccade';
import { fnv1a } from 'saccade/data';

/** The model that is saved, before and after. */
export const fresh = () => new AttentionSeq2Seq({ source: 9, target: 7, hidden: 12, embedding: 5, dropout: 0.1 }, key(7));

/** The bytes of the saved model. */
export const save = () => saveTensors(fresh().stateDict());

/** Loads `saved`, trains a step and tells what it sees, in numbers that show every bit. */
export async function program(saved, options) {
  await init(options);
  const model = new AttentionSeq2Seq({ source: 9, target: 7, hidden: 12, embedding: 5, dropout: 0.1 }, key(8));
  model.loadStateDict(loadTensors(saved));
  const optimizer = new Adam(parameters(model), { lr: 0.01 });
  const source = tensor(
    [
      [3, 4, 5, 6],
      [7, 8, 0, 0],
    ],
    { dtype: 'int32' },
  );
  const target = tensor(
    [
      [3, 4, 2],
      [5, 2, 0],
    ],
    { dtype: 'int32' },
  );
  const losses = [1, 2].map((step) =>
    scope(() => {
      const loss = crossEntropy(model.forward(source, target, { key: key(step) }), target, { ignoreIndex: 0 });
      backward(loss);
      optimizer.step();
      return loss.item();
    }),
  );
  const { tokens } = model.translate(source, { beam: 2 });
  return { losses, tokens, hash: fnv1a(Array.from(saveTensors(model.stateDict())).join()) };
}
