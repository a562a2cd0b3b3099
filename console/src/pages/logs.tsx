import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { type FormEvent, useState } from "react";
import { allPages, aws } from "../api/aws";
import { Page } from "../parts/page";
import { Time } from "../parts/time";
import { useLoad } from "../parts/use-load";
import { useWords } from "../words";

const SHOWN_MAX = 100;

const groups = () =>
  allPages(async (nextToken) => {
    const answer = await aws("logs", "DescribeLogGroups", { nextToken });
    return { rows: answer.logGroups, next: answer.nextToken };
  });

async function records(logGroupName: string | undefined, pattern: string) {
  if (!logGroupName) return [];
  const filterPattern = pattern.trim() || undefined;
  const { events = [] } = await aws("logs", "FilterLogEvents", { logGroupName, filterPattern, limit: SHOWN_MAX });
  return events;
}

/** What CloudWatch Logs has of connectors whose logging role allows it. */
export function Logs() {
  const { t } = useWords();
  const all = useLoad(groups, []);
  const [chosen, setChosen] = useState<string>();
  const [typed, setTyped] = useState("");
  const [pattern, setPattern] = useState("");
  const group = chosen ?? all.value?.[0]?.logGroupName;
  const found = useLoad(() => records(group, pattern), [group, pattern]);
  const options = (all.value ?? []).map((one) => ({ value: one.logGroupName ?? "", label: one.logGroupName }));

  const search = (event: FormEvent) => {
    event.preventDefault();
    setPattern(typed);
    found.reload();
  };
  return (
    <Page title={t("logs.title")} about={t("logs.about")} error={all.error ?? found.error}>
      <Container>
        <form onSubmit={search}>
          <SpaceBetween size="m">
            <FormField label={t("logs.group")}>
              <Select
                options={options}
                selectedOption={options.find((option) => option.value === group) ?? null}
                placeholder={t("table.empty")}
                empty={t("table.empty")}
                filteringType="auto"
                onChange={({ detail }) => setChosen(detail.selectedOption.value)}
              />
            </FormField>
            <FormField label={t("logs.pattern")} description={t("logs.patternAbout")}>
              <Input value={typed} onChange={({ detail }) => setTyped(detail.value)} spellcheck={false} />
            </FormField>
            <Button formAction="submit">{t("logs.search")}</Button>
          </SpaceBetween>
        </form>
      </Container>
      <Container>
        {found.value?.length ? null : <Box color="text-body-secondary">{t("table.empty")}</Box>}
        <SpaceBetween size="xs">
          {(found.value ?? []).map((record) => (
            <div key={record.eventId} className="command">
              <Box color="text-body-secondary">
                <Time of={record.timestamp === undefined ? undefined : new Date(record.timestamp)} />
              </Box>
              <code>{record.message}</code>
            </div>
          ))}
        </SpaceBetween>
      </Container>
    </Page>
  );
}
