/** The words that people read, in the language that they chose. */

import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";
import { I18nProvider, type I18nProviderProps } from "@cloudscape-design/components/i18n";
import { en } from "./en";
import { ja } from "./ja";

export type Word = keyof typeof en;
export type Language = "en" | "ja";
type Values = Record<string, string | number>;

const TABLES: Record<Language, Record<Word, string>> = { en, ja };

/** What Cloudscape's own parts say. */
const MESSAGES: Record<Language, () => Promise<{ default: I18nProviderProps.Messages }>> = {
  en: () => import("@cloudscape-design/components/i18n/messages/all.en"),
  ja: () => import("@cloudscape-design/components/i18n/messages/all.ja"),
};

const STORED_AS = "sallyport.language";

export function firstLanguage(): Language {
  const chosen = localStorage.getItem(STORED_AS) ?? navigator.language.slice(0, 2);
  return chosen === "ja" ? "ja" : "en";
}

/** "{count} files" with { count: 3 } → "3 files" */
export function filled(text: string, values: Values = {}): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

export interface Words {
  language: Language;
  setLanguage(next: Language): void;
  t(word: Word, values?: Values): string;
}

const Context = createContext<Words | undefined>(undefined);

export function useWords(): Words {
  const words = useContext(Context);
  if (!words) throw new Error("there are no words here");
  return words;
}

export function WordsProvider({ children }: { children: ReactNode }) {
  const [language, choose] = useState(firstLanguage);
  const [messages, setMessages] = useState<I18nProviderProps.Messages>();

  useEffect(() => {
    document.documentElement.lang = language;
    void MESSAGES[language]().then((module) => setMessages(module.default));
  }, [language]);

  const words = useMemo<Words>(
    () => ({
      language,
      setLanguage(next) {
        localStorage.setItem(STORED_AS, next);
        choose(next);
      },
      t: (word, values) => filled(TABLES[language][word], values),
    }),
    [language],
  );
  return (
    <Context.Provider value={words}>
      <I18nProvider locale={language} messages={messages ? [messages] : []}>
        {children}
      </I18nProvider>
    </Context.Provider>
  );
}
