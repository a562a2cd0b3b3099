/** What became of what somebody did: lines above the page, until they are closed. */

import Flashbar, { type FlashbarProps } from "@cloudscape-design/components/flashbar";
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import { useWords } from "../words";
import { sentenceOf } from "./sentence";

interface Notices {
  tell(text: string): void;
  tellFailure(error: unknown): void;
}

/** The oldest go first. */
const SHOWN_MAX = 5;

const Context = createContext<Notices | undefined>(undefined);
const Shown = createContext<FlashbarProps.MessageDefinition[]>([]);

export function useNotices(): Notices {
  const notices = useContext(Context);
  if (!notices) throw new Error("there are no notices here");
  return notices;
}

export function NoticesProvider({ children }: { children: ReactNode }) {
  const { t } = useWords();
  const [items, setItems] = useState<FlashbarProps.MessageDefinition[]>([]);
  const add = useCallback(
    (type: "success" | "error", content: string) => {
      const id = crypto.randomUUID();
      const onDismiss = () => setItems((before) => before.filter((item) => item.id !== id));
      const item = { id, type, content, dismissible: true, dismissLabel: t("action.dismiss"), onDismiss };
      setItems((before) => [...before, item].slice(-SHOWN_MAX));
    },
    [t],
  );
  const notices = useMemo<Notices>(
    () => ({ tell: (text) => add("success", text), tellFailure: (error) => add("error", sentenceOf(error, t)) }),
    [add, t],
  );
  return (
    <Context.Provider value={notices}>
      <Shown.Provider value={items}>{children}</Shown.Provider>
    </Context.Provider>
  );
}

export function NoticeBar() {
  return <Flashbar items={useContext(Shown)} />;
}
