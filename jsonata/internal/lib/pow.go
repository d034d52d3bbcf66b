package lib

import "math"

// pow is x to the y to the last digit as the V8 of Node 20 and 22 computes it,
// which follows fdlibm and differs from math.Pow. The method: the logarithm of x
// in two pieces to the base of two, times y in two pieces, and the exponential
// of that.
//
// Copyright (C) 2004 by Sun Microsystems, Inc. All rights reserved.
// Permission to use, copy, modify, and distribute this software is freely
// granted, provided that this notice is preserved.
func pow(x, y float64) float64 {
	if special := x == 0 || y == 0 || x == 1 || math.IsInf(x, 0) || math.IsInf(y, 0) || x != x || y != y; special {
		return math.Pow(x, y)
	}
	sign := 1.0
	if x < 0 {
		switch {
		case y != math.Trunc(y):
			return math.NaN()
		case math.Mod(y, 2) != 0:
			sign = -1
		}
	}
	switch y {
	case 1:
		return x
	case 2:
		return x * x
	case -1:
		return 1 / x
	case 0.5:
		if x > 0 {
			return math.Sqrt(x)
		}
	}
	ax := math.Abs(x)
	if ax == 1 {
		return sign
	}
	hx, hy := int32(high(x))&0x7fffffff, int32(high(y))
	iy := hy & 0x7fffffff
	var t1, t2 float64
	if iy > 0x41e00000 { // |y| > 2^31
		if result, done := powHuge(hx, hy, iy, sign); done {
			return result
		}
		t1, t2 = logNearOne(ax)
	} else {
		t1, t2 = logBase2(ax)
	}
	y1 := cutLow(y)
	pl := float64((y-y1)*t1) + float64(y*t2)
	ph := y1 * t1
	return sign * exp2(ph, pl)
}

// powHuge is the power for an exponent beyond 2^31, unless x is so near to one
// that the result is neither zero nor infinite for sure.
func powHuge(hx, hy, iy int32, sign float64) (float64, bool) {
	over, under := math.Inf(1), 0.0
	if iy > 0x43f00000 { // |y| > 2^64
		if hx <= 0x3fefffff {
			return pick(hy < 0, over, under), true
		}
		if hx >= 0x3ff00000 {
			return pick(hy > 0, over, under), true
		}
	}
	if hx < 0x3fefffff {
		return sign * pick(hy < 0, over, under), true
	}
	if hx > 0x3ff00000 {
		return sign * pick(hy > 0, over, under), true
	}
	return 0, false
}

func pick(first bool, a, b float64) float64 {
	if first {
		return a
	}
	return b
}

const (
	powL1 = 5.99999999999994648725e-01
	powL2 = 4.28571428578550184252e-01
	powL3 = 3.33333329818377432918e-01
	powL4 = 2.72728123808534006489e-01
	powL5 = 2.30660745775561754067e-01
	powL6 = 2.06975017800338417784e-01

	powP1 = 1.66666666666666019037e-01
	powP2 = -2.77777777770155933842e-03
	powP3 = 6.61375632143793436117e-05
	powP4 = -1.65339022054652515390e-06
	powP5 = 4.13813679705723846039e-08

	cp      = 9.61796693925975554329e-01 // 2/(3 ln 2)
	cpHigh  = 9.61796700954437255859e-01
	cpLow   = -7.02846165095275826516e-09
	ivLn2   = 1.44269504088896338700e+00 // 1/ln 2
	ivLn2Hi = 1.44269502162933349609e+00
	ivLn2Lo = 1.92596299112661746887e-08
	ln2     = 6.93147180559945286227e-01
	ln2High = 6.93147182464599609375e-01
	ln2Low  = -1.90465429995776804525e-09
)

func high(x float64) uint32 { return uint32(math.Float64bits(x) >> 32) }

// cutLow clears the lower half of the bits.
func cutLow(x float64) float64 { return math.Float64frombits(math.Float64bits(x) &^ 0xffffffff) }

// logNearOne is log2(x) in two pieces for x within 2^-20 of one.
func logNearOne(x float64) (t1, t2 float64) {
	t := x - 1
	w := float64(t*t) * (0.5 - float64(t*(0.3333333333333333333333-float64(t*0.25))))
	u := float64(ivLn2Hi * t)
	v := float64(t*ivLn2Lo) - float64(w*ivLn2)
	t1 = cutLow(u + v)
	return t1, v - (t1 - u)
}

// logBase2 is log2(x) in two pieces.
func logBase2(x float64) (t1, t2 float64) {
	n := 0
	ix := int32(high(x))
	if ix < 0x00100000 { // subnormal
		x *= 9007199254740992
		n -= 53
		ix = int32(high(x))
	}
	n += int(ix>>20) - 0x3ff
	j := ix & 0x000fffff
	ix = j | 0x3ff00000
	bp, dpHigh, dpLow := 1.0, 0.0, 0.0
	k := int32(0)
	switch {
	case j <= 0x3988E: // |x| < sqrt(3/2)
	case j < 0xBB67A: // |x| < sqrt(3)
		k, bp, dpHigh, dpLow = 1, 1.5, 5.84962487220764160156e-01, 1.35003920212974897128e-08
	default:
		n++
		ix -= 0x00100000
	}
	ax := math.Float64frombits(math.Float64bits(x)&0xffffffff | uint64(uint32(ix))<<32)

	u := ax - bp // s = (ax-bp)/(ax+bp) in two pieces
	v := 1 / (ax + bp)
	ss := float64(u * v)
	sHigh := cutLow(ss)
	tHigh := math.Float64frombits(uint64(uint32((ix>>1)|0x20000000)+0x00080000+uint32(k)<<18) << 32)
	tLow := ax - (tHigh - bp)
	sLow := float64(v * (float64(u-float64(sHigh*tHigh)) - float64(sHigh*tLow)))

	s2 := float64(ss * ss)
	r := float64(float64(s2*s2) * (powL1 + float64(s2*(powL2+float64(s2*(powL3+float64(s2*(powL4+float64(s2*(powL5+float64(s2*powL6)))))))))))
	r += float64(sLow * (sHigh + ss))
	s2 = float64(sHigh * sHigh)
	tHigh = cutLow(3.0 + s2 + r)
	tLow = r - ((tHigh - 3.0) - s2)
	u = float64(sHigh * tHigh)
	v = float64(sLow*tHigh) + float64(tLow*ss)
	pHigh := cutLow(u + v)
	pLow := v - (pHigh - u)
	zHigh := float64(cpHigh * pHigh)
	zLow := float64(cpLow*pHigh) + float64(pLow*cp) + dpLow
	t := float64(n)
	t1 = cutLow(((zHigh + zLow) + dpHigh) + t)
	return t1, zLow - (((t1 - t) - dpHigh) - zHigh)
}

// exp2 is two to the power of a number in two pieces.
func exp2(ph, pl float64) float64 {
	z := pl + ph
	bits := math.Float64bits(z)
	j, lo := int32(bits>>32), uint32(bits)
	switch {
	case j >= 0x40900000: // z >= 1024
		if uint32(j-0x40900000)|lo != 0 || pl+8.0085662595372944372e-17 > z-ph {
			return math.Inf(1)
		}
	case j&0x7fffffff >= 0x4090cc00: // z <= -1075
		if uint32(j)-0xc090cc00|lo != 0 || pl <= z-ph {
			return 0
		}
	}
	i := j & 0x7fffffff
	k := (i >> 20) - 0x3ff
	n := int32(0)
	if i > 0x3fe00000 { // |z| > 0.5: n is z+0.5 cut to an integer
		n = j + (0x00100000 >> (k + 1))
		k = ((n & 0x7fffffff) >> 20) - 0x3ff
		t := math.Float64frombits(uint64(uint32(n&^(0x000fffff>>k))) << 32)
		n = ((n & 0x000fffff) | 0x00100000) >> (20 - k)
		if j < 0 {
			n = -n
		}
		ph -= t
	}
	t := cutLow(pl + ph)
	u := float64(t * ln2High)
	v := float64((pl-(t-ph))*ln2) + float64(t*ln2Low)
	z = u + v
	w := v - (z - u)
	t = float64(z * z)
	t1 := z - float64(t*(powP1+float64(t*(powP2+float64(t*(powP3+float64(t*(powP4+float64(t*powP5)))))))))
	// fdlibm divides by t1-2 alone. V8 up to version 12 closes the bracket later,
	// which shows in the last digit of one result in thirty.
	r := float64(z*t1) / ((t1 - 2.0) - (w + float64(z*w)))
	z = 1.0 - (r - z)
	j = int32(high(z)) + n<<20
	if j>>20 <= 0 {
		return math.Ldexp(z, int(n)) // subnormal
	}
	return math.Float64frombits(math.Float64bits(z) + uint64(int64(n)<<52))
}
