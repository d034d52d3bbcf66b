import { LinkError, type LinkResult } from './types.js'

/** A promise with what settles it. */
export interface Settle {
  resolve: (result: LinkResult) => void
  reject: (reason: LinkError | 'closed' | 'blocked') => void
}

/**
 * Settles by a message of the page, and reports whether it was one. Anything else
 * that a window says, as browser extensions do, is passed over.
 */
export function take(data: unknown, { resolve, reject }: Settle): boolean {
  if (data === 'closed') {
    reject('closed')
    return true
  }
  if (typeof data !== 'object' || data === null || !(data as { is_truto?: unknown }).is_truto) {
    return false
  }
  const message = data as LinkResult & ConstructorParameters<typeof LinkError>[0]
  if (message.error) {
    reject(new LinkError(message))
  } else {
    resolve({ result: 'success', integration: message.integration, integrated_account_id: message.integrated_account_id })
  }
  return true
}
