// A LLaMA that decodes greedily, as plain loops over float32 without a library (Touvron et al. 2023, §2.2): what a C compiler makes of it is what
// decoding is measured beside. `llama SIZES… FILE` reads the weights; a line "time N" decodes N times and answers milliseconds a time, a
// line "result" answers the tokens, or the last logits.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int symbols, size, layers, heads, key_heads, hidden, count, want_logits, computing;
static int width, keys_wide; // of a head, and of all heads of keys
static float *weights, *cache_keys, *cache_values;
static float *x, *z, *q, *read_out, *gate, *up, *scores, *logits, *turns;
static int *tokens;

static const float *embedding;

static float *room(size_t n) {
  float *p = calloc(n, sizeof(float));
  if (!p) exit(1);
  return p;
}

/** out[i] = w[i, ·] · v */
static void product(float *out, const float *w, const float *v, int rows, int n) {
  for (int i = 0; i < rows; i++) {
    float sum = 0;
    for (int j = 0; j < n; j++) sum += w[i * n + j] * v[j];
    out[i] = sum;
  }
}

static void rms_norm(float *out, const float *v, const float *weight) {
  float squares = 0;
  for (int i = 0; i < size; i++) squares += v[i] * v[i];
  float scale = 1.0f / sqrtf(squares / size + 1e-5f);
  for (int i = 0; i < size; i++) out[i] = weight[i] * (scale * v[i]);
}

/** Rotates each head's halves; `turns` holds the cosines and sines of this place. */
static void rotate(float *v, int how_many) {
  int half = width / 2;
  for (int h = 0; h < how_many; h++, v += width) {
    for (int i = 0; i < half; i++) {
      float a = v[i], b = v[i + half];
      v[i] = a * turns[i] - b * turns[half + i];
      v[i + half] = b * turns[i] + a * turns[half + i];
    }
  }
}

static void softmax(float *v, int n) {
  float most = v[0], sum = 0;
  for (int i = 1; i < n; i++)
    if (v[i] > most) most = v[i];
  for (int i = 0; i < n; i++) sum += v[i] = expf(v[i] - most);
  for (int i = 0; i < n; i++) v[i] /= sum;
}

/** What each head reads at this place, from the keys and values of a layer up to it. */
static void attend(const float *keys, const float *values, int place) {
  for (int h = 0; h < heads; h++) {
    int group = h / (heads / key_heads);
    const float *query = q + h * width;
    for (int t = 0; t <= place; t++) {
      const float *key = keys + t * keys_wide + group * width;
      float sum = 0;
      for (int i = 0; i < width; i++) sum += query[i] * key[i];
      scores[t] = sum / sqrtf(width);
    }
    softmax(scores, place + 1);
    float *out = read_out + h * width;
    memset(out, 0, width * sizeof(float));
    for (int t = 0; t <= place; t++) {
      const float *value = values + t * keys_wide + group * width;
      for (int i = 0; i < width; i++) out[i] += scores[t] * value[i];
    }
  }
}

static const float *take(const float **at, int n) {
  const float *here = *at;
  *at += n;
  return here;
}

static void step(int token, int place) {
  memcpy(x, embedding + (size_t)token * size, size * sizeof(float));
  for (int i = 0; i < width / 2; i++) {
    float angle = place * powf(10000.0f, -2.0f * i / width);
    turns[i] = cosf(angle);
    turns[width / 2 + i] = sinf(angle);
  }
  const float *at = embedding + (size_t)symbols * size;
  for (int l = 0; l < layers; l++) {
    float *keys = cache_keys + (size_t)l * count * keys_wide, *values = cache_values + (size_t)l * count * keys_wide;
    float *key = keys + place * keys_wide;
    rms_norm(z, x, take(&at, size));
    product(q, take(&at, size * size), z, size, size);
    product(key, take(&at, keys_wide * size), z, keys_wide, size);
    product(values + place * keys_wide, take(&at, keys_wide * size), z, keys_wide, size);
    rotate(q, heads);
    rotate(key, key_heads);
    attend(keys, values, place);
    product(z, take(&at, size * size), read_out, size, size);
    for (int i = 0; i < size; i++) x[i] += z[i];
    rms_norm(z, x, take(&at, size));
    product(gate, take(&at, hidden * size), z, hidden, size);
    product(up, take(&at, hidden * size), z, hidden, size);
    for (int i = 0; i < hidden; i++) gate[i] = gate[i] / (1.0f + expf(-gate[i])) * up[i];
    product(z, take(&at, size * hidden), gate, size, hidden);
    for (int i = 0; i < size; i++) x[i] += z[i];
  }
  rms_norm(x, x, take(&at, size));
  product(logits, embedding, x, symbols, size);
}

static void decode(void) {
  tokens[0] = 1;
  for (int place = 0; place < count; place++) {
    step(tokens[place], place);
    int best = 0;
    for (int i = 1; i < symbols; i++)
      if (logits[i] > logits[best]) best = i;
    tokens[place + 1] = best;
  }
}

static double now(void) {
  struct timespec t;
  clock_gettime(computing ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void answer_result(void) {
  int n = want_logits ? symbols : count + 1;
  decode();
  for (int i = 0; i < n; i++) printf("%.9g%c", want_logits ? logits[i] : (float)tokens[i], i < n - 1 ? ' ' : '\n');
}

int main(int argc, char **argv) {
  int *sizes[] = {&symbols, &size, &layers, &heads, &key_heads, &hidden, &count, &want_logits, &computing};
  int given = sizeof sizes / sizeof *sizes;
  if (argc != given + 2) return 1;
  for (int i = 0; i < given; i++) *sizes[i] = atoi(argv[i + 1]);
  width = size / heads;
  keys_wide = width * key_heads;
  size_t layer = 2 * size + 2 * size * size + 2 * keys_wide * size + 3 * (size_t)hidden * size;
  size_t all = (size_t)symbols * size + layers * layer + size;
  embedding = weights = room(all);
  FILE *file = fopen(argv[given + 1], "rb");
  if (!file || fread(weights, sizeof(float), all, file) != all) return 1;
  fclose(file);
  cache_keys = room((size_t)layers * count * keys_wide);
  cache_values = room((size_t)layers * count * keys_wide);
  x = room(size), z = room(size), q = room(size), read_out = room(size), turns = room(width);
  gate = room(hidden), up = room(hidden), scores = room(count), logits = room(symbols);
  tokens = calloc(count + 1, sizeof(int));
  char line[64];
  while (fgets(line, sizeof line, stdin)) {
    if (line[0] == 'r') answer_result();
    else {
      int times = atoi(line + 5);
      double start = now();
      for (int i = 0; i < times; i++) decode();
      printf("%.9g\n", (now() - start) / times);
    }
    fflush(stdout);
  }
  return 0;
}
