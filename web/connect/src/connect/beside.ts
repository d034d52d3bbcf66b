// Beside is the window in which the customer is at the vendor while the page is in
// a frame. What can be seen of it is a hint at most: the vendor's page may cut it
// off from ours.
export class Beside {
  private opened: Window | null = null
  blocked = false

  // prepare opens the window while the customer's click still allows it.
  prepare(): void {
    this.close()
    this.opened = window.open('', '', 'popup,width=640,height=760')
    this.blocked = this.opened === null
    if (this.opened) {
      // The vendor's page is not to lead ours elsewhere.
      this.opened.opener = null
    }
  }

  go(address: string): void {
    if (this.opened) {
      this.opened.location.replace(address)
    }
  }

  reopen(address: string): boolean {
    this.prepare()
    this.go(address)
    return !this.blocked
  }

  close(): void {
    this.opened?.close()
    this.opened = null
  }
}
