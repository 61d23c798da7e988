namespace BackupSidecar.Tests.Backrest;

/// <summary>
/// A configuration as people have them: plans of every kind of retention and schedule, hooks of every action, fields that nobody knows,
/// numbers and texts in unusual spellings, and the defaults that Backrest writes out.
/// </summary>
internal static class HandMade
{
    public const string Config =
        """
        {
          "modno":  17,
          "version": 4,
          "instance": "nas",
          "repos": [
            { "id": "main", "uri": "s3:https://s3.example.com/backups", "guid": "00ff", "password": "p\u00e4ss \"word\" <&>", "env": ["AWS_ACCESS_KEY_ID=AK", "B=\/x"], "flags": [],
              "prunePolicy": { "schedule": { "maxFrequencyDays": 30, "clock": "CLOCK_LAST_RUN_TIME" }, "maxUnusedBytes": "9007199254740993", "maxUnusedPercent": 10.50 },
              "checkPolicy": { "schedule": { "disabled": true }, "structureOnly": true }, "autoUnlock": false, "futureField": { "a": [1, 2.0, 1e3, -0, 12345678901234567890] } },
            { "uri": "/srv/repo", "id": "disk", "autoInitialize": true }
          ],
          "plans": [
            { "id": "keep-last", "repo": "main", "paths": ["/a", "/b"], "retention": { "policyKeepLastN": 30 }, "schedule": { "cron": "0 1 * * 0,7" } },
            {
              "id": "keep-all",   "repo": "disk",
              "paths": ["/c"], "excludes": ["*.tmp"], "iexcludes": ["thumbs.db"], "backup_flags": ["--one-file-system"], "skipIfUnchanged": true,
              "schedule": { "disabled": true }, "retention": { "policyKeepAll": true }
            },
            { "id": "buckets", "repo": "main", "paths": ["/d"], "retention": { "policyTimeBucketed": { "hourly": 24, "daily": 0, "keepLastN": 3 } }, "schedule": { "maxFrequencyHours": 6, "clock": "CLOCK_UTC" } },
            { "id": "no-retention", "repo": "main", "paths": ["/e"], "schedule": { "maxFrequencyDays": 2 }, "retention": null },
            { "id": "no-schedule", "repo": "main", "paths": [], "backup_flags": ["--stdin"], "unknown": "\ud83d\ude00" },
            { "id": "hooks", "repo": "main", "paths": ["/f"], "hooks": [
              { "conditions": ["CONDITION_SNAPSHOT_START"], "onError": "ON_ERROR_CANCEL", "actionCommand": { "command": "echo {{ .Plan.Id }} <>&" } },
              { "conditions": ["CONDITION_ANY_ERROR"], "actionWebhook": { "webhookUrl": "https://example.com", "method": "POST", "template": "x" } },
              { "conditions": ["CONDITION_SNAPSHOT_END"], "actionDiscord": { "webhookUrl": "https://d" } },
              { "conditions": ["CONDITION_SNAPSHOT_END"], "actionGotify": { "baseUrl": "https://g", "token": "t", "priority": 5 } },
              { "conditions": ["CONDITION_SNAPSHOT_END"], "actionSlack": { "webhookUrl": "https://s" } },
              { "conditions": ["CONDITION_SNAPSHOT_END"], "actionShoutrrr": { "shoutrrrUrl": "x://" } },
              { "conditions": ["CONDITION_SNAPSHOT_END"], "actionHealthchecks": { "webhookUrl": "https://h" } },
              { "conditions": ["CONDITION_SNAPSHOT_END"], "actionTelegram": { "botToken": "1:x", "chatId": "2" } }
            ] },
            { "id": "backrest_sidecar_old", "repo": "main", "paths": ["/var/lib/docker/volumes/old/_data"], "excludes": [], "iexcludes": ["mine"], "backup_flags": ["--tag", "x"],
              "schedule": { "cron": "0 2 * * *", "clock": "CLOCK_LOCAL" }, "retention": { "policyTimeBucketed": { "daily": 7, "weekly": 4, "monthly": 0 } }, "hooks": [], "skipIfUnchanged": true }
          ],
          "auth": { "disabled": false, "users": [ { "name": "admin", "passwordBcrypt": "JDJhJDEw" } ] },
          "sync": { "identity": { "keyid": "ecdsa.x", "ed25519priv": "-----BEGIN" } },
          "fromTheFuture": [ { "x": null }, [ ], "\/" ]
        }

        """;
}
