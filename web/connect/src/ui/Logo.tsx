import { useState } from 'preact/hooks'

// Logo is a picture, or the first letters where there is none or it does not load.
// The name stands beside it, so that it says nothing to those who do not see it.
export function Logo({ src, name, large }: { src: string | null; name: string; large?: boolean }) {
  const [failed, setFailed] = useState(false)
  return (
    <span class={large ? 'logo large' : 'logo'} aria-hidden="true">
      {src && !failed ? <img src={src} alt="" loading="lazy" onError={() => setFailed(true)} /> : initials(name)}
    </span>
  )
}

function initials(name: string): string {
  const parts = name.split(/[\s_-]+/).filter(Boolean)
  const letters = parts.length > 1 ? parts.slice(0, 2).map((part) => [...part][0]) : [...(parts[0] ?? '')].slice(0, 2)
  return letters.join('').toUpperCase()
}
