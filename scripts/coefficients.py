"""Derives the polynomials of assembly/simd/ (Python 3, mpmath): `python3 scripts/coefficients.py [name]`.

Each polynomial is the minimax one in the relative error of the *function*, to within a few percent, in 50 digits. Coefficients are
rounded to float32 one at a time, lowest order first, and the rest refitted to the rounded ones. Prints the error in units of 2^-24.
"""

import sys

import mpmath as mp
import numpy as np

mp.mp.dps = 50


def round32(c):
    return mp.mpf(float(np.float32(float(c))))


def minimax(target, weight, powers, low, high, shape):
    """Coefficients c that all but minimise the largest |weight(x) (target(x) - sum c_j shape(x)^powers_j)| over [low, high]: least
    squares at Chebyshev's points, reweighted by the errors (Lawson 1961)."""
    middle, half = (low + high) / 2, (high - low) / 2
    points = [middle - half * mp.cos(mp.pi * (i + mp.mpf(1) / 2) / 160) for i in range(160)]
    rows = [[weight(x) * shape(x) ** p for p in powers] for x in points]
    right = [weight(x) * target(x) for x in points]
    emphasis = [mp.mpf(1) / 160] * 160
    best = None
    for _ in range(40):
        n = len(powers)
        normal = mp.matrix(n, n)
        moments = mp.matrix(n, 1)
        for e, row, y in zip(emphasis, rows, right):
            for i in range(n):
                moments[i] += e * row[i] * y
                for j in range(n):
                    normal[i, j] += e * row[i] * row[j]
        c = mp.lu_solve(normal, moments)
        errors = [abs(y - sum(row[j] * c[j] for j in range(n))) for row, y in zip(rows, right)]
        if best is None or max(errors) < best[1]:
            best = ([c[j] for j in range(n)], max(errors))
        total = sum(e * d for e, d in zip(emphasis, errors))
        emphasis = [e * d / total for e, d in zip(emphasis, errors)]
    return best


def fit(name, target, weight, powers, low, high, shape=lambda x: x):
    low, high = mp.mpf(low), mp.mpf(high)
    done, left, error = [], list(powers), None
    rest = target
    while left:
        c, error = minimax(rest, weight, left, low, high, shape)
        done.append((left[0], round32(c[0])))
        left = left[1:]
        rest = lambda x: target(x) - sum(v * shape(x) ** p for p, v in done)
    grid = [low + (high - low) * i / 3000 for i in range(3001)]
    error = max(abs(weight(x) * rest(x)) for x in grid)
    print(f"{name}: error {float(error * 2**24):.4f} · 2^-24")
    for p, v in done:
        print(f"  ^{p}: {float(v):.9e}")


def split(name, value, bits, rounded):
    """value as a part of few bits, so that small multiples of it are exact, and a rounded rest."""
    unit = mp.mpf(2) ** (mp.floor(mp.log(value, 2)) - bits + 1)
    high = mp.nint(value / unit) * unit
    print(f"{name} = {mp.nstr(high, 17)} + {mp.nstr(rounded(value - high), 17)}")


TINY = mp.mpf("1e-12")


def even(f, at0):
    """f with its limit at 0 filled in."""
    return lambda x: at0 if abs(x) < TINY else f(x)


def mills(a):
    return mp.erfc(a / mp.sqrt(2)) * mp.exp(a * a / 2) / 2


JOBS = {
    # exp(r) - 1 = r + r² p(r), |r| ≤ ln 2 / 2
    "expm1": lambda: fit("expm1 p(r)", even(lambda r: (mp.expm1(r) - r) / r**2, mp.mpf(1) / 2), even(lambda r: abs(r**2 / mp.expm1(r)), mp.mpf(0)), range(5), -0.3467, 0.3467),
    # 2^f = 1 + f p(f), |f| ≤ ½
    "exp2": lambda: fit("exp2 p(f)", even(lambda f: (mp.mpf(2) ** f - 1) / f, mp.log(2)), even(lambda f: abs(f) / mp.mpf(2) ** f, mp.mpf(0)), range(5), -0.5, 0.5),
    # log(1 + f) = f - f²/2 + f³ p(f), √½ ≤ 1 + f ≤ √2
    "log": lambda: fit("log p(f)", even(lambda f: (mp.log1p(f) - f + f**2 / 2) / f**3, mp.mpf(1) / 3), even(lambda f: abs(f**3 / mp.log1p(f)), mp.mpf(0)), range(9), -0.29290, 0.41422),
    # sin(r) = r + r³ p(r²), |r| ≤ π/4
    "sin": lambda: fit("sin p(r²)", even(lambda r: (mp.sin(r) - r) / r**3, -mp.mpf(1) / 6), even(lambda r: r**3 / mp.sin(r), mp.mpf(0)), range(3), 1e-3, 0.7855, lambda r: r * r),
    # cos(r) = 1 - r²/2 + r⁴ p(r²)
    "cos": lambda: fit("cos p(r²)", even(lambda r: (mp.cos(r) - 1 + r**2 / 2) / r**4, mp.mpf(1) / 24), lambda r: r**4 / mp.cos(r), range(3), 1e-3, 0.7855, lambda r: r * r),
    # h coth h = 1 + h² p(h²), |h| ≤ ln 2 / 2: e^2h = (h coth h + h) / (h coth h - h)
    "coth": lambda: fit("h coth h p(h²)", even(lambda h: (h * mp.coth(h) - 1) / h**2, mp.mpf(1) / 3), lambda h: h / mp.coth(h), range(3), 1e-3, 0.3466, lambda h: h * h),
    # erf(x) = x + x p(x²), |x| ≤ 0.9
    "erf": lambda: fit("erf p(x²)", even(lambda x: mp.erf(x) / x - 1, 2 / mp.sqrt(mp.pi) - 1), even(lambda x: x / mp.erf(x), mp.sqrt(mp.pi) / 2), range(7), 1e-3, 0.9, lambda x: x * x),
    # erf(x) = 1 - exp(-p(x)), 0.9 ≤ x ≤ 3.95
    "erfc": lambda: fit("-log erfc p(x)", lambda x: -mp.log(mp.erfc(x)), lambda x: mp.erfc(x) / mp.erf(x), range(8), 0.88, 3.95),
    # Φ(-a) e^(a²/2) = t p(t), t = 1 / (1 + a/4), 0 ≤ a ≤ 6
    "mills": lambda: fit("mills t p(t)", mills, lambda a: 1 / mills(a), range(1, 8), 0, 6, lambda a: 1 / (1 + a / 4)),
    # ln 2: the first part has 10 bits, so that k times it is exact. π/2 in float64: 33 bits.
    "constants": lambda: (split("ln 2", mp.log(2), 10, round32), split("π/2", mp.pi / 2, 33, lambda c: mp.mpf(float(c)))),
}

if __name__ == "__main__":
    for job in sys.argv[1:] or JOBS:
        JOBS[job]()
