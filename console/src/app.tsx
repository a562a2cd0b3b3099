import { useEffect, useState, useSyncExternalStore } from "react";
import { currentKey, onSessionChange } from "./api/session";
import { SignIn } from "./pages/sign-in";
import { NoticesProvider } from "./parts/notices";
import { Shell } from "./parts/shell";
import { applyTheme, firstTheme, keepTheme, type Theme } from "./parts/theme";
import { WordsProvider } from "./words";

export function App() {
  const key = useSyncExternalStore(onSessionChange, currentKey);
  const [theme, setTheme] = useState<Theme>(firstTheme);
  useEffect(() => applyTheme(theme), [theme]);
  const choose = (next: Theme) => {
    keepTheme(next);
    setTheme(next);
  };
  return (
    <WordsProvider>
      <NoticesProvider>{key ? <Shell accessKeyId={key.accessKeyId} theme={theme} onTheme={choose} /> : <SignIn />}</NoticesProvider>
    </WordsProvider>
  );
}
