// The points of a chart drawn `live` (`.plot .nines-hit`), on the boards of pages and on a pack's own page: each says its
// name on hover and focus; one tab stop for all of them, from which the arrow keys lead on; Enter or a click asks what
// the chart's `data-pick` promises; Escape hides what is said.
const POINT = ".plot .nines-hit"
const GAP_PX = 8
let told = null

function hide() {
  told?.tip.remove()
  told = null
}

function tell(point) {
  if (told?.point === point) return
  hide()
  const tip = document.createElement("div")
  tip.className = "tip"
  tip.popover = "manual"
  tip.setAttribute("aria-hidden", "true")
  for (const line of point.getAttribute("aria-label").split("\n")) {
    tip.append(Object.assign(document.createElement("p"), { textContent: line }))
  }
  point.closest(".board").append(tip)
  tip.showPopover?.()
  told = { point, tip }
  place()
}

// Beside a column, above anything else; always inside the window.
function place() {
  const { point, tip } = told
  const at = point.getBoundingClientRect()
  const { width, height } = tip.getBoundingClientRect()
  const beside = at.height > 60
  const right = at.right + GAP_PX
  const left = beside ? (right + width < innerWidth ? right : at.left - width - GAP_PX) : (at.left + at.right - width) / 2
  const over = at.top - height - GAP_PX
  const top = beside ? at.top + GAP_PX : over > 0 ? over : at.bottom + GAP_PX
  tip.style.left = `${Math.max(GAP_PX, Math.min(left, innerWidth - width - GAP_PX))}px`
  tip.style.top = `${Math.max(GAP_PX, Math.min(top, innerHeight - height - GAP_PX))}px`
}

addEventListener("scroll", () => told && (told.point.matches(":focus-visible") ? place() : hide()), { capture: true, passive: true })
addEventListener("keydown", event => {
  if (event.key !== "Escape" || !told) return
  hide()
  event.stopPropagation()
}, true)
addEventListener("pointerdown", event => told && !event.composedPath().includes(told.point) && hide(), true)

function readyPoints(root) {
  for (const plot of root.querySelectorAll(".plot")) {
    const role = plot.hasAttribute("data-pick") ? "button" : "img"
    for (const chart of plot.querySelectorAll(".nines-chart")) {
      chart.querySelectorAll(".nines-hit").forEach((point, at) => {
        point.setAttribute("role", role)
        point.setAttribute("tabindex", at ? "-1" : "0")
      })
    }
  }
}

// Left and right along the points of one kind, up and down to the nearest that lies there.
function nextPoint(point, key) {
  const all = [...point.closest(".nines-chart").querySelectorAll(".nines-hit")]
  const alike = all.filter(one => one.getAttribute("class") === point.getAttribute("class"))
  if (key === "Home") return alike[0]
  if (key === "End") return alike.at(-1)
  if (key === "ArrowLeft" || key === "ArrowRight") return alike[alike.indexOf(point) + (key === "ArrowLeft" ? -1 : 1)]
  if (key !== "ArrowUp" && key !== "ArrowDown") return undefined
  const middle = one => (box => [(box.left + box.right) / 2, (box.top + box.bottom) / 2])(one.getBoundingClientRect())
  const [x, y] = middle(point)
  const way = key === "ArrowUp" ? -1 : 1
  const near = all
    .map(one => ({ one, at: middle(one) }))
    .filter(({ at }) => (at[1] - y) * way > 1)
    .map(({ one, at }) => ({ one, far: Math.abs(at[1] - y) + 3 * Math.abs(at[0] - x) }))
  return near.sort((a, b) => a.far - b.far)[0]?.one
}

function go(point) {
  for (const one of point.closest(".nines-chart").querySelectorAll(".nines-hit")) one.setAttribute("tabindex", "-1")
  point.setAttribute("tabindex", "0")
  point.focus()
}

// `say` hears what was clicked, or chosen by the keyboard.
function listen(root, say) {
  root.addEventListener("click", event => {
    const point = event.target.closest(POINT)
    // A finger cannot hover: its first touch tells, its second asks.
    if (point && event.pointerType === "touch" && told?.point !== point) tell(point)
    else say(event.target)
  })
  root.addEventListener("pointerover", event => {
    const point = event.target.closest(POINT)
    if (event.pointerType !== "touch") point ? tell(point) : event.target.closest(".tip") || hide()
  })
  root.addEventListener("pointerleave", event => event.pointerType === "touch" || hide())
  root.addEventListener("focusin", event => event.target.matches(`${POINT}:focus-visible`) && tell(event.target))
  root.addEventListener("focusout", event => event.target.matches(POINT) && hide())
  root.addEventListener("keydown", event => {
    if (!event.target.matches(POINT)) return
    const next = nextPoint(event.target, event.key)
    if (next) go(next)
    if (event.key === "Enter" || event.key === " ") say(event.target)
    if (next || event.key.startsWith("Arrow") || event.key === " ") event.preventDefault()
  })
}
