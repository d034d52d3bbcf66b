import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'

// Heading names a view. It takes the focus when the view comes, so that people who
// do not see the change hear of it.
export function Heading({ children, quiet }: { children: ComponentChildren; quiet?: boolean }) {
  const heading = useRef<HTMLHeadingElement>(null)
  // Before anybody can type into the view.
  useLayoutEffect(() => {
    if (!quiet) {
      heading.current?.focus()
    }
  }, [])
  useEffect(() => {
    document.title = heading.current?.textContent ?? ''
  })
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  )
}
