// A pack's own page: points of charts (points.js, before this), lists that sort and search, where the reader is, print.
const board = document.querySelector(".board")
readyPoints(board)
listen(board, () => {})

// Rows by what their cells hold: numbers by size, the rest as words; what is not known stays last.
function order(table, at, down) {
  const held = row => {
    const cell = row.cells[at]
    if (cell.querySelector(".hush")) return null
    const raw = cell.dataset.value
    return cell.classList.contains("number") ? (raw === undefined ? null : Number(raw)) : cell.classList.contains("date") ? raw : cell.textContent
  }
  const way = down ? -1 : 1
  const rows = [...table.tBodies[0].rows].map(row => ({ row, held: held(row) }))
  rows.sort((a, b) => {
    if (a.held === null || b.held === null) return (a.held === null) - (b.held === null)
    return way * (typeof a.held === "number" ? a.held - b.held : a.held.localeCompare(b.held, "en", { numeric: true }))
  })
  table.tBodies[0].append(...rows.map(one => one.row))
}

for (const table of document.querySelectorAll(".listing table")) {
  const heads = [...table.tHead.rows[0].cells]
  heads.forEach((head, at) => {
    head.querySelector("button").addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending"
      for (const one of heads) one.removeAttribute("aria-sort")
      head.setAttribute("aria-sort", down ? "descending" : "ascending")
      order(table, at, down)
    })
  })
}

for (const input of document.querySelectorAll(".listing input")) {
  const rows = [...document.getElementById(input.getAttribute("aria-controls")).tBodies[0].rows]
  const texts = rows.map(row => row.textContent.toLowerCase())
  const count = input.closest(".over").querySelector(".count")
  const whole = count.textContent
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean)
    let shown = 0
    rows.forEach((row, at) => {
      row.hidden = !words.every(word => texts[at].includes(word))
      shown += !row.hidden
    })
    count.textContent = words.length ? `${shown.toLocaleString("en")} of ${whole}` : whole
  })
}

const links = new Map([...document.querySelectorAll("nav a")].map(link => [link.getAttribute("href").slice(1), link]))
const parts = [...document.querySelectorAll(".part")]
function here() {
  const part = parts.findLast(one => one.getBoundingClientRect().top < innerHeight / 3) ?? parts[0]
  for (const [name, link] of links) name === part.id ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current")
}
addEventListener("scroll", here, { passive: true })
here()

let closed = []
addEventListener("beforeprint", () => {
  closed = [...document.querySelectorAll(".method details:not([open])")]
  for (const one of closed) one.open = true
})
addEventListener("afterprint", () => {
  for (const one of closed) one.open = false
})
