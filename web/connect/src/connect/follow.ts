import { ApiError, awaitAttempt } from '../api'
import type { Attempt } from '../types'

interface Listener {
  onChange: (attempt: Attempt) => void
  onOffline: (offline: boolean) => void
  onRefusal: (error: ApiError) => void
}

const pause = 1500 // milliseconds, after a request that has not come through

// follow asks the server for an attempt until it has ended, and returns what stops
// that.
export function follow(token: string, attempt: Attempt, listener: Listener): () => void {
  const stop = new AbortController()
  void (async () => {
    let known = attempt
    while (!stop.signal.aborted) {
      try {
        const next = await awaitAttempt(token, known.id, known.status, stop.signal)
        listener.onOffline(false)
        if (JSON.stringify(next) !== JSON.stringify(known)) {
          known = next
          listener.onChange(next)
        }
        if (next.status === 'succeeded' || next.status === 'failed') {
          return
        }
      } catch (error) {
        if (stop.signal.aborted) {
          return
        }
        if (error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429) {
          listener.onRefusal(error)
          return
        }
        listener.onOffline(true)
        await new Promise((resolve) => setTimeout(resolve, pause))
      }
    }
  })()
  return () => stop.abort()
}
