package proxy

import "sync"

// Sizes of pooled buffers, in bytes: most answers fit into the first, and what
// has grown beyond the last is left to the garbage collector.
const (
	firstBuffer = 8 << 10
	lastBuffer  = 1 << 20
)

// buffers keeps the room that answers were read into, or records of the log were
// written in, for the next ones. It is safe for concurrent use.
type buffers struct{ pool sync.Pool }

func (b *buffers) get() []byte {
	if kept, ok := b.pool.Get().(*[]byte); ok {
		return *kept
	}
	return make([]byte, 0, firstBuffer)
}

func (b *buffers) put(buffer []byte) {
	if cap(buffer) >= firstBuffer && cap(buffer) <= lastBuffer {
		buffer = buffer[:0]
		b.pool.Put(&buffer)
	}
}
