namespace BackupSidecar.Docker;

/// <summary>The labels by which Docker Compose, in all its versions, marks the containers that it makes.</summary>
internal static class ComposeLabels
{
    public const string Project = "com.docker.compose.project";
    public const string Service = "com.docker.compose.service";

    /// <summary>"1", "2", … among the containers of a scaled service.</summary>
    public const string Number = "com.docker.compose.container-number";

    /// <summary>"True" on the containers of <c>docker compose run</c>, which do not stand for their service.</summary>
    public const string OneOff = "com.docker.compose.oneoff";
}
