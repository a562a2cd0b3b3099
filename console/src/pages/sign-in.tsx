import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Checkbox from "@cloudscape-design/components/checkbox";
import Container from "@cloudscape-design/components/container";
import Form from "@cloudscape-design/components/form";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import Input from "@cloudscape-design/components/input";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type FormEvent, useEffect, useState } from "react";
import { checkKey } from "../api/check-key";
import { type Key, lastRegion, signIn } from "../api/session";
import { sentenceOf } from "../parts/sentence";
import { useWords } from "../words";

/** The door: an access key, and whether this tab may keep it over a reload. */
export function SignIn() {
  const { t, language, setLanguage } = useWords();
  const [key, setKey] = useState<Key>(() => ({ accessKeyId: "", secretAccessKey: "", region: lastRegion() }));
  const [keep, setKeep] = useState(false);
  const [asking, setAsking] = useState(false);
  const [trouble, setTrouble] = useState<string>();

  useEffect(() => {
    document.title = `${t("signIn.title")} – Sallyport`;
  }, [t]);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setAsking(true);
    setTrouble(undefined);
    const wanted = {
      ...key,
      accessKeyId: key.accessKeyId.trim(),
      secretAccessKey: key.secretAccessKey.trim(),
      sessionToken: key.sessionToken?.trim() || undefined,
    };
    try {
      await checkKey(wanted);
      signIn(wanted, keep);
    } catch (error) {
      setTrouble(sentenceOf(error, t));
      setAsking(false);
    }
  };
  const other = language === "en" ? "ja" : "en";
  return (
    <main className="sign-in">
      <form onSubmit={(event) => void submit(event)}>
        <Container header={<Header variant="h1">{t("signIn.title")}</Header>}>
          <Form
            actions={
              <SpaceBetween direction="horizontal" size="s" alignItems="center">
                <Link onFollow={() => setLanguage(other)}>{t("language.other")}</Link>
                <Button variant="primary" loading={asking} formAction="submit">
                  {t("signIn.button")}
                </Button>
              </SpaceBetween>
            }
          >
            <SpaceBetween size="l">
              <Box color="text-body-secondary">{t("signIn.about")}</Box>
              {trouble ? <Alert type="error">{trouble}</Alert> : null}
              <FormField label={t("signIn.id")}>
                <Input
                  name="access-key-id"
                  autoFocus
                  autoComplete="username"
                  spellcheck={false}
                  value={key.accessKeyId}
                  onChange={({ detail }) => setKey({ ...key, accessKeyId: detail.value })}
                />
              </FormField>
              <FormField label={t("signIn.secret")}>
                <Input
                  name="secret-access-key"
                  type="password"
                  autoComplete="current-password"
                  value={key.secretAccessKey}
                  onChange={({ detail }) => setKey({ ...key, secretAccessKey: detail.value })}
                />
              </FormField>
              <FormField label={t("signIn.token")} description={t("signIn.tokenAbout")}>
                <Input
                  name="session-token"
                  type="password"
                  autoComplete={false}
                  value={key.sessionToken ?? ""}
                  onChange={({ detail }) => setKey({ ...key, sessionToken: detail.value })}
                />
              </FormField>
              <FormField label={t("signIn.region")} description={t("signIn.regionAbout")}>
                <Input name="region" value={key.region} onChange={({ detail }) => setKey({ ...key, region: detail.value.trim() })} />
              </FormField>
              <Checkbox checked={keep} onChange={({ detail }) => setKeep(detail.checked)} description={t("signIn.keepAbout")}>
                {t("signIn.keep")}
              </Checkbox>
            </SpaceBetween>
          </Form>
        </Container>
      </form>
    </main>
  );
}
