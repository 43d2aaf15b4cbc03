/* A plane turned by a small angle: bilinear interpolation in 16-bit integers, which compilers turn into vector instructions.

   At small angles pixels that lie side by side in the result lie side by side in the source too. So the result is made in
   blocks of some pixels of a row, and none of them needs an address of its own: a block reads three rows of the source at one
   place, takes each between its neighbours in the row (that fraction changes by at most 1/80 over half a block: one serves
   all), and weighs the three rows by how near they are. Measured beside cv2.warpAffine in docs/decisions/0003. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>

#if defined(__x86_64__) && defined(__GNUC__) && defined(__gnu_linux__)
#define FOR_EACH_PROCESSOR __attribute__((target_clones("avx2", "default")))
#else
#define FOR_EACH_PROCESSOR
#endif

enum { PLACE_BITS = 32, SHARE_BITS = 7, WEIGHT_BITS = 15 };

/* Columns that are made from top to bottom before the next: so few rows of the source are in use at a time that they stay in
   the cache. */
enum { TILE = 256 };

typedef struct {
    const uint8_t *source;
    Py_ssize_t source_width;
    uint8_t *result;
    Py_ssize_t height, width;
    const int64_t *starts; /* (height, 2): x, y in the source of each row's first pixel, in units of 2**-32 pixel */
    const int64_t *step;   /* x, y from a pixel to the next one in its row, in the same units */
    const int64_t *spans;  /* (height, 2): first and one after the last column of each row that are to be made */
} Job;

/* Three source rows, weighed by how near each is to y; y runs from 0 (the first row) to 2 (the third), 1 being 2**15. */
static inline __attribute__((always_inline)) void blend(const uint8_t *restrict above, Py_ssize_t width, int16_t share,
                                                        int32_t depth, const int32_t *restrict ramp,
                                                        uint8_t *restrict block, const int lanes) {
    const uint8_t *restrict middle = above + width, *restrict below = above + 2 * width;
    for (int i = 0; i < lanes; i++) {
        const int16_t a = (int16_t)(above[i] * (1 << SHARE_BITS) + (above[i + 1] - above[i]) * share);
        const int16_t b = (int16_t)(middle[i] * (1 << SHARE_BITS) + (middle[i + 1] - middle[i]) * share);
        const int16_t c = (int16_t)(below[i] * (1 << SHARE_BITS) + (below[i + 1] - below[i]) * share);
        const uint16_t y = (uint16_t)(depth + ramp[i]);
        const int16_t up = (int16_t)(y < 32767 ? 32767 - y : 0), down = (int16_t)(y > 32768 ? y - 32768 : 0);
        const int16_t from_above = (int16_t)((((int32_t)(int16_t)(a - b) * up >> (WEIGHT_BITS - 1)) + 1) >> 1);
        const int16_t from_below = (int16_t)((((int32_t)(int16_t)(c - b) * down >> (WEIGHT_BITS - 1)) + 1) >> 1);
        block[i] = (uint8_t)((int16_t)(b + from_above + from_below + (1 << (SHARE_BITS - 1))) >> SHARE_BITS);
    }
}

static inline __attribute__((always_inline)) void make_blocks(const Job *job, const int lanes) {
    const int64_t step_x = job->step[0], step_y = job->step[1];
    int32_t ramp[64]; /* from the block's uppermost pixel, so that rounding down never leaves the three rows */
    for (int i = 0; i < lanes; i++)
        ramp[i] = (int32_t)((step_y < 0 ? -step_y * (lanes - 1 - i) : step_y * i) >> (PLACE_BITS - WEIGHT_BITS));
    for (Py_ssize_t tile = 0; tile < job->width; tile += TILE) {
        for (Py_ssize_t n = 0; n < job->height; n++) {
            /* Where the source runs downwards along a row, rows are made upwards: so memory is always read forwards. */
            const Py_ssize_t row = step_y > 0 ? job->height - 1 - n : n;
            const int64_t *start = job->starts + 2 * row, *span = job->spans + 2 * row;
            const int64_t first = span[0] > tile ? span[0] : tile, end = span[1] < tile + TILE ? span[1] : tile + TILE;
            for (int64_t begin = first; begin < end; begin += lanes) {
                const int64_t x = begin < job->width - lanes ? begin : job->width - lanes;
                const int64_t at_x = start[0] + step_x * (x + lanes / 2), at_y = start[1] + step_y * x;
                const int64_t top_y = step_y < 0 ? at_y + step_y * (lanes - 1) : at_y, line = top_y >> PLACE_BITS;
                const uint8_t *above = job->source + line * job->source_width + (at_x >> PLACE_BITS) - lanes / 2;
                const int64_t rest = at_x & (((int64_t)1 << PLACE_BITS) - 1), half = (int64_t)1 << (PLACE_BITS - SHARE_BITS - 1);
                const int16_t share = (int16_t)((rest + half) >> (PLACE_BITS - SHARE_BITS));
                const int32_t depth = (int32_t)((top_y - (line << PLACE_BITS)) >> (PLACE_BITS - WEIGHT_BITS));
                blend(above, job->source_width, share, depth, ramp, job->result + row * job->width + x, lanes);
            }
        }
    }
}

FOR_EACH_PROCESSOR static void make(const Job *job, int lanes) {
    if (lanes == 32)
        make_blocks(job, 32);
    else
        make_blocks(job, 16);
}

/* True when all that blocks can read lies in the source: looks at the first and the last pixel of each row's blocks. */
static int within(const Job *job, Py_ssize_t source_height, int lanes) {
    for (Py_ssize_t row = 0; row < job->height; row++) {
        const int64_t first = job->spans[2 * row], end = job->spans[2 * row + 1];
        if (first < 0 || end > job->width) return 0;
        if (first >= end) continue;
        const int64_t from = first < job->width - lanes ? first : job->width - lanes;
        const int64_t to = end + lanes - 2 < job->width ? end + lanes - 2 : job->width - 1;
        for (int k = 0; k < 2; k++) {
            const int64_t x = k ? to : from;
            const int64_t column = (job->starts[2 * row] + job->step[0] * x) >> PLACE_BITS;
            const int64_t line = (job->starts[2 * row + 1] + job->step[1] * x) >> PLACE_BITS;
            if (column < 1 || column + 2 >= job->source_width || line < 0 || line + 2 >= source_height) return 0;
        }
    }
    return 1;
}

static PyObject *resample(PyObject *self, PyObject *args) {
    Py_buffer source, result, starts, step, spans;
    Py_ssize_t source_width, width;
    int lanes;
    if (!PyArg_ParseTuple(args, "y*nw*ny*y*y*i", &source, &source_width, &result, &width, &starts, &step, &spans, &lanes))
        return NULL;
    const Py_ssize_t height = width > 0 ? result.len / width : 0;
    const Job job = {source.buf, source_width, result.buf, height, width, starts.buf, step.buf, spans.buf};
    const Py_ssize_t row_bytes = 2 * (Py_ssize_t)sizeof(int64_t);
    const int sound = (lanes == 16 || lanes == 32) && width >= lanes && source_width > 0 && height * width == result.len &&
                      starts.len == height * row_bytes && spans.len == height * row_bytes && step.len == row_bytes &&
                      within(&job, source.len / source_width, lanes);
    if (sound) {
        Py_BEGIN_ALLOW_THREADS
        make(&job, lanes);
        Py_END_ALLOW_THREADS
    } else {
        PyErr_SetString(PyExc_ValueError, "the blocks would reach beyond the source, or the sizes contradict each other");
    }
    PyBuffer_Release(&source);
    PyBuffer_Release(&result);
    PyBuffer_Release(&starts);
    PyBuffer_Release(&step);
    PyBuffer_Release(&spans);
    if (!sound) return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"resample", resample, METH_VARARGS, "resample(source, source_width, result, width, starts, step, spans, lanes)"},
    {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_resample", NULL, 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__resample(void) { return PyModule_Create(&module); }
