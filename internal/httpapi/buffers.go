package httpapi

import "sync"

// Sizes of pooled buffers: a page of accounts fits into the first, and what has
// grown beyond the last is left to the garbage collector.
const (
	firstBuffer = 64 << 10
	lastBuffer  = 4 << 20
)

// buffers keeps the bodies of lists for the next ones. It is safe for
// concurrent use.
type buffers struct{ pool sync.Pool }

func (b *buffers) get() []byte {
	if kept, ok := b.pool.Get().(*[]byte); ok {
		return (*kept)[:0]
	}
	return make([]byte, 0, firstBuffer)
}

func (b *buffers) put(buffer []byte) {
	if cap(buffer) <= lastBuffer {
		b.pool.Put(&buffer)
	}
}
