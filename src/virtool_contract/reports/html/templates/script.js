"use strict";
{
  const find = (id) => document.getElementById(id);
  const clauses = [...document.querySelectorAll(".clause")];
  const chapters = [...document.querySelectorAll(".chapter")];
  const filter = find("_filter");
  const said = find("_said");

  document.documentElement.classList.add("scripts");

  // Filter by verdict.
  const shown = () => clauses.filter((clause) => !clause.hidden);
  const show = (verdict) => {
    for (const clause of clauses) {
      clause.hidden = verdict !== "" && clause.dataset.verdict !== verdict;
    }
    for (const chapter of chapters) {
      chapter.hidden = chapter.querySelector(".clause:not([hidden])") === null;
    }
    said.textContent = `${shown().length} of ${clauses.length} clauses are shown`;
  };
  const chosen = () => filter.querySelector("input:checked").value;
  filter.addEventListener("change", () => show(chosen()));
  filter.addEventListener("submit", (event) => event.preventDefault());

  // Fold and unfold what is shown.
  const fold = (open) => {
    for (const clause of shown()) clause.firstElementChild.open = open;
  };
  find("_unfold").addEventListener("click", () => fold(true));
  find("_fold").addEventListener("click", () => fold(false));

  // A link to a clause opens it, also where the filter leaves it out.
  const follow = () => {
    const target = find(decodeURIComponent(location.hash.slice(1)));
    if (target?.tagName !== "DETAILS") return;
    if (target.parentElement.hidden) {
      filter.querySelector("input").checked = true;
      show("");
    }
    target.open = true;
    target.scrollIntoView();
    target.firstElementChild.focus({ preventScroll: true });
  };
  addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='#']");
    if (link && link.getAttribute("href") === location.hash) follow(); // no change, so no event
  });

  // Copy what is beside a button; without a clipboard it is selected, at least.
  const copy = async (button) => {
    const content = button.parentElement.querySelector("code");
    try {
      await navigator.clipboard.writeText(content.textContent);
      said.textContent = button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(content);
      said.textContent = button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button.copy");
    if (button) copy(button);
  });

  // On paper, what is not kept is unfolded.
  let unfolded = [];
  addEventListener("beforeprint", () => {
    unfolded = shown()
      .filter((clause) => clause.dataset.verdict !== "kept")
      .map((clause) => clause.firstElementChild)
      .filter((details) => !details.open);
    for (const details of unfolded) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of unfolded) details.open = false;
  });

  follow();
}
