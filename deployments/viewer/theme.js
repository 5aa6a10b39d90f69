/** Light, dark, or as the system has it: the visitor's choice, kept in the browser. */

const KEY = "headwater-theme";
const NEXT = { system: "light", light: "dark", dark: "system" };

/** Applies the choice and lets a button change it. */
export function startTheme(button) {
  let choice = read();
  const apply = () => {
    if (choice === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = choice;
    button.textContent = `Colours: ${choice}`;
  };
  button.addEventListener("click", () => {
    choice = NEXT[choice];
    keep(choice);
    apply();
  });
  apply();
}

function read() {
  try {
    const kept = localStorage.getItem(KEY);
    return kept in NEXT ? kept : "system";
  } catch {
    return "system";
  }
}

function keep(choice) {
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // a browser that keeps nothing: the choice holds until the page is left
  }
}
