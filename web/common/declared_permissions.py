def model_permissions(app: str, **rights: str) -> list[str]:
    """For AppConfigs: `model_permissions("users", staff="view add")` is ["users.view_staff", "users.add_staff"]."""
    return [f"{app}.{right}_{model}" for model, words in rights.items() for right in words.split()]
