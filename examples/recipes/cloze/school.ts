// Easier questions first: which ones a reader is asked, by what it has passed.

/** How hard questions are. */
export interface Level {
  names: number;
  actors: readonly [number, number];
  events: number;
}

/** The full questions, and the way there. */
export interface Schooling extends Level {
  /** Easier questions to begin with. */
  lessons: readonly Level[];
  /** The running share of right answers that ends a lesson. */
  pass: number;
  /** The share of the steps after which lessons are over, passed or not. */
  schooling: number;
  steps: number;
}

/** What a running share keeps of itself at each step. */
const KEPT = 0.99;

/** Which lesson a reader takes: the next one when it passes, the full questions after the last or when schooling is over. */
export class School {
  private lesson = 0;
  private right = 0;
  private readonly how: Schooling;

  constructor(how: Schooling) {
    this.how = how;
  }

  level(step: number): Level {
    const { lessons, steps, schooling } = this.how;
    return (step < schooling * steps ? lessons[this.lesson] : undefined) ?? this.how;
  }

  /** The share of right answers of one step. */
  mark(right: number): void {
    this.right = KEPT * this.right + (1 - KEPT) * right;
    if (this.lesson === this.how.lessons.length || this.right <= this.how.pass) return;
    this.lesson++;
    this.right = 0;
  }

  /** What a checkpoint keeps. */
  readonly numbers = {
    save: () => ({ lesson: this.lesson, right: this.right }),
    load: ({ lesson = 0, right = 0 }: Readonly<Record<string, number>>) => {
      this.lesson = lesson;
      this.right = right;
    },
  };
}
